// Bundles for browsers what is in `dist`, as someone who uses the packages would.
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')

export interface Bundle {
  readonly text: string
  /** Every module that went in, relative to the repository. */
  readonly modules: readonly string[]
  /** What is imported and is not in it. */
  readonly imports: readonly string[]
}

/** `source` is the text of a module that imports packages of ours. */
export async function bundle(source: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Node's modules are named in the result instead of failing the build.
    external: ['node:*'],
    logLevel: 'silent',
  })
  return {
    text: outputFiles[0]?.text ?? '',
    modules: Object.keys(metafile.inputs),
    imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  }
}
