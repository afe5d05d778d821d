import { existsSync } from 'node:fs'
import { defineConfig } from 'tsup'

// Run in a package's folder: `tsup --config ../../tsup.config.ts`. Declarations come from tsc, which needs no bundler.
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/node.ts',
    'src/main.ts',
    'src/registry/index.ts',
    'src/engine-node.ts',
    'src/engine-browser.ts',
  ].filter((file) => existsSync(file)),
  // Left to who loads the package: `imports` in its package.json has one for Node and one for browsers.
  external: ['#engine'],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: false,
})
