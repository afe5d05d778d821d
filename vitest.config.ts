import { defineConfig } from 'vitest/config'

// Workspace packages are tested from their sources: no build is needed before a unit test.
const conditions = ['@ros/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'test/fuzz/*.test.ts',
      'test/nodes/*.test.ts',
      'test/browser/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
