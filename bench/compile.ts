import { join } from 'node:path'
import { build } from 'tsup'

/**
 * Compiles a script and the packages that it imports to one JavaScript file, as users of the packages run them: reading
 * TypeScript at the start of each run would be measured otherwise. Gives the file's path.
 */
export async function compile(script: URL, folder: string): Promise<string> {
  await build({
    entry: { compiled: script.pathname },
    outDir: folder,
    config: false,
    silent: true,
    format: 'esm',
    target: 'node22',
    platform: 'node',
    noExternal: [/^@ros\//],
    outExtension: () => ({ js: '.mjs' }),
    esbuildOptions: (options) => {
      options.conditions = ['@ros/source']
    },
  })
  return join(folder, 'compiled.mjs')
}
