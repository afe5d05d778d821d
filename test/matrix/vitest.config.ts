import { defineConfig } from 'vitest/config'

// Every way to start the ISO, one machine after the other, with a small initrd so that each takes seconds.
export default defineConfig({
  resolve: { conditions: ['@ros/source'] },
  ssr: { resolve: { conditions: ['@ros/source'] } },
  test: {
    include: ['test/matrix/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 420_000,
    hookTimeout: 600_000,
    pool: 'forks',
  },
})
