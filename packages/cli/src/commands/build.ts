import { resolve } from 'node:path'
import {
  type BuildResult,
  build as buildArtifacts,
  type DiskFormat,
  diskFormats,
  type ProgressSink,
} from '@ros/distro'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { megabytes } from '../print.ts'
import { cacheDirectory } from '../project.ts'

export interface BuildArguments {
  readonly recipe: string | undefined
  readonly out: string
  readonly dev: boolean
  readonly imagesTar: boolean
  readonly disks: readonly DiskFormat[]
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
    disks: args.disks,
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
      .option('disk', {
        type: 'string',
        array: true,
        choices: diskFormats,
        default: [],
        describe:
          'write a disk image too: rancheros.img, .qcow2, .vmdk (VMware), .vhd (Azure); may be given again',
        nargs: 1,
      })
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
  run: async ({ recipe, out, dev, imagesTar, disk }, { output, environment, signal }) => {
    const disks = [...new Set(disk as DiskFormat[])]
    const args = { recipe, out, dev, imagesTar, disks, cache: cacheDirectory(environment) }
    const result = await output.withProgress((sink) => buildCommand(args, sink, signal))
    const lines = result.artifacts.map(({ path, size }) => `${path} ${megabytes(size)}\n`)
    return { data: result, text: lines.join('') }
  },
})
