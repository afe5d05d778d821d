import { defineConfig } from 'vitest/config'

// What takes longer than `npm test` may: power cuts, every way to start an installed disk. One machine after the other.
export default defineConfig({
  resolve: { conditions: ['@ros/source'] },
  ssr: { resolve: { conditions: ['@ros/source'] } },
  test: {
    include: ['test/system/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 900_000,
    pool: 'forks',
  },
})
