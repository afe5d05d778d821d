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
    noExternal: [/^(?!@napi-rs\/|dockerode$)/],
    // Loaded when they are needed, which no benchmark does.
    external: [/^@napi-rs\//, 'dockerode'],
    // CommonJS inside an ES module asks for Node's own modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outExtension: () => ({ js: '.mjs' }),
    esbuildOptions: (options) => {
      options.conditions = ['@ros/source']
    },
  })
  return join(folder, 'compiled.mjs')
}
