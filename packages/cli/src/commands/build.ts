import { resolve } from 'node:path'
import { type BuildResult, build as buildArtifacts, type ProgressSink } from '@ros/distro'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { megabytes } from '../print.ts'
import { cacheDirectory } from '../project.ts'

export interface BuildArguments {
  readonly recipe: string | undefined
  readonly out: string
  readonly dev: boolean
  readonly imagesTar: boolean
  readonly cache: string
}

/** `rancheros-kit build`: recipe to artifacts. Gives what was written. */
export function buildCommand(
  args: BuildArguments,
  sink: ProgressSink,
  signal: AbortSignal,
): Promise<BuildResult> {
  return buildArtifacts({
    ...(args.recipe !== undefined && { recipeFile: resolve(args.recipe) }),
    out: resolve(args.out),
    dev: args.dev,
    imagesTar: args.imagesTar,
    cache: args.cache,
    onProgress: sink,
    signal,
  })
}

export const build = command({
  usage: 'build',
  describe: 'build vmlinuz, initrd and rancheros.iso',
  examples: [['$0 build', 'build into dist/artifacts']],
  options: (y) =>
    artifactsOption(y)
      .option('images-tar', {
        type: 'boolean',
        default: false,
        describe: 'write images.tar too: the service images, for any docker',
      })
      .option('dev', {
        type: 'boolean',
        default: false,
        describe: 'compress the initrd quickly (gzip -1)',
      })
      .option('recipe', {
        type: 'string',
        describe: 'recipe file instead of the built-in one',
        requiresArg: true,
      }),
  run: async ({ recipe, out, dev, imagesTar }, { output, environment, signal }) => {
    const args = { recipe, out, dev, imagesTar, cache: cacheDirectory(environment) }
    const result = await output.withProgress((sink) => buildCommand(args, sink, signal))
    const lines = result.artifacts.map(({ path, size }) => `${path} ${megabytes(size)}\n`)
    return { data: result, text: lines.join('') }
  },
})
