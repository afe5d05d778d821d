import { resolve } from 'node:path'
import { build as buildArtifacts } from '@ros/distro'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { givenInputs, inputsOption } from '../inputs-option.ts'
import { megabytes } from '../print.ts'

/** `rancheros-kit build`: recipe to artifacts. Gives what was written. */
export const build = command({
  usage: 'build',
  describe: 'build vmlinuz, initrd and rancheros.iso',
  examples: [
    ['$0 build', 'build into dist/artifacts'],
    ['$0 build --locked --offline', 'from what the lock names and the cache has, and nothing else'],
  ],
  options: (y) =>
    inputsOption(artifactsOption(y))
      .option('locked', {
        type: 'boolean',
        default: false,
        describe: 'refuse inputs that are not those of the lock',
      })
      .option('images-tar', {
        type: 'boolean',
        default: false,
        describe: 'write images.tar too: the service images, for any docker',
      })
      .option('rootfs', {
        type: 'boolean',
        default: false,
        describe: 'write rootfs.tar.gz too: the system without a kernel, for boards that bring one',
      })
      .option('dev', {
        type: 'boolean',
        default: false,
        describe: 'compress the initrd quickly (gzip -1)',
      }),
  run: async (args, { output, environment, signal }) => {
    const { dev, imagesTar, rootfs, locked } = args
    const out = resolve(args.out)
    const options = { ...givenInputs(args, environment), out, dev, imagesTar, rootfs, locked, signal }
    const result = await output.withProgress((onProgress) => buildArtifacts({ ...options, onProgress }))
    const lines = result.artifacts.map(({ path, size }) => `${path} ${megabytes(size)}\n`)
    return { data: result, text: lines.join('') }
  },
})
