import { join, resolve } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { build as buildArtifacts, type DiskFormat, diskFormats } from '@ros/distro'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { givenInputs, inputsOption } from '../inputs-option.ts'
import { reportText, verifyBoot } from '../machine/verify.ts'
import { wholeNumber } from '../number-option.ts'
import { megabytes } from '../print.ts'

/** `rancheros-kit build`: recipe to artifacts. Gives what was written. */
export const build = command({
  usage: 'build',
  describe: 'build vmlinuz, initrd and rancheros.iso',
  examples: [
    ['$0 build', 'build into dist/artifacts'],
    ['$0 build --verify', 'and boot it; exit 1 when it does not start as it should'],
    ['$0 build --locked --offline', 'from what the lock names and the cache has, and nothing else'],
  ],
  options: (y) =>
    inputsOption(artifactsOption(y))
      .option('locked', {
        type: 'boolean',
        default: false,
        describe: 'refuse inputs that are not those of the lock',
      })
      .option('disk', {
        type: 'string',
        array: true,
        choices: diskFormats,
        default: [],
        describe:
          'write a disk image too: rancheros.img, .qcow2, .vmdk (VMware), .vhd (Azure); may be given again',
        nargs: 1,
      })
      .option('installer', {
        type: 'boolean',
        default: false,
        describe: 'write rancher-os-<version>.tar too: the installer image, for `ros os upgrade`',
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
      })
      .option('verify', {
        type: 'boolean',
        default: false,
        describe: 'boot the ISO, wait for ssh and every service, write verify.json and verify.txt beside it',
      })
      .option('verify-timeout', {
        type: 'number',
        default: 600,
        describe: 'seconds that the boot may take',
        requiresArg: true,
        coerce: wholeNumber('verify-timeout', 1, 86_400),
      }),
  run: async (args, context) => {
    const { output, environment, signal } = context
    const { out, dev, imagesTar, rootfs, installer, locked } = args
    const disks = [...new Set(args.disk as DiskFormat[])]
    const options = {
      ...givenInputs(args, environment),
      out: resolve(out),
      dev,
      imagesTar,
      rootfs,
      installer,
      disks,
      locked,
      signal,
    }
    const result = await output.withProgress((onProgress) => buildArtifacts({ ...options, onProgress }))
    const lines = result.artifacts.map(({ path, size }) => `${path} ${megabytes(size)}\n`)
    if (result.memory !== undefined)
      output.note(`it boots with ${Math.ceil(result.memory / 1024 ** 2)} MB of memory or more`)
    if (!args.verify) return { data: result, text: lines.join('') }
    const report = await verifyBoot(options.out, result, args.verifyTimeout * 1000, context)
    const json = `${JSON.stringify(report, undefined, 2)}\n`
    await replaceFile(join(options.out, 'verify.json'), fromText(json).open())
    await replaceFile(join(options.out, 'verify.txt'), fromText(reportText(report)).open())
    return {
      data: { ...result, verify: report },
      text: `${lines.join('')}\n${reportText(report)}`,
      exitCode: report.ok ? 0 : 1,
    }
  },
})
