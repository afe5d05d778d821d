import { resolve } from 'node:path'
import { kernelTar as makeTar } from '@ros/distro'
import { command } from '../command.ts'
import { megabytes } from '../print.ts'
import { cacheDirectory } from '../project.ts'

/** `rancheros-kit kernel-tar`: what upstream's mk-kernel-tar-from-deb made. */
export const kernelTar = command({
  usage: 'kernel-tar <files..>',
  describe:
    'make a kernel tarball from .deb packages: boot/vmlinuz, lib/modules with depmod’s files, lib/firmware',
  examples: [['$0 kernel-tar linux-image.deb linux-firmware.deb', 'for `kernel: { file: kernel.tar.gz }`']],
  options: (y) =>
    y
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: '.deb packages or tarballs: image, extra modules, firmware',
      })
      .option('out', {
        alias: 'o',
        type: 'string',
        default: 'kernel.tar.gz',
        describe: 'file that is written',
        requiresArg: true,
      }),
  run: async ({ files, out }, { output, environment }) => {
    const options = { files, out: resolve(out), cache: cacheDirectory(environment) }
    const made = await output.withProgress((onProgress) => makeTar({ ...options, onProgress }))
    return { data: made, text: `${made.path} ${megabytes(made.size)} ${made.release}\n` }
  },
})
