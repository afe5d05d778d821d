import { defineConfig } from 'vitest/config'

// Builds and boots, one after the other: a guest under emulation wants both cores.
export default defineConfig({
  resolve: { conditions: ['@ros/source'] },
  ssr: { resolve: { conditions: ['@ros/source'] } },
  test: {
    include: ['test/*.test.ts', 'test/guest/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    pool: 'forks',
  },
})
