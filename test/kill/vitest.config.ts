import { defineConfig } from 'vitest/config'

// 100 builds that are killed, and 100 that put things right.
export default defineConfig({
  resolve: { conditions: ['@ros/source'] },
  ssr: { resolve: { conditions: ['@ros/source'] } },
  test: {
    include: ['test/kill/*.test.ts'],
    testTimeout: 3_600_000,
    pool: 'forks',
  },
})
