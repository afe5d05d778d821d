import { defineConfig } from 'vitest/config'
export default defineConfig({
  resolve: { conditions: ['@ros/source'] },
  ssr: { resolve: { conditions: ['@ros/source'] } },
  test: {
    include: ['test/matrix/iso-guest.test.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    pool: 'forks',
  },
})
