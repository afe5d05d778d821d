import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { checkedCloudConfig, readCloudConfig } from '../cloud-config.ts'
import { command } from '../command.ts'
import { type CustomizedIso, customizeIso } from '../customize/customize.ts'
import { additionsOf } from '../customize/host-files.ts'
import { argumentWords } from '../customize/kernel-arguments.ts'
import { CliError } from '../error.ts'
import { inSpool, lookOptions } from '../look/look-options.ts'
import { megabytes } from '../print.ts'

const list = (describe: string) =>
  ({ type: 'string', array: true, default: [] as string[], nargs: 1, describe }) as const

/** `rancheros-kit customize`: an ISO with other kernel arguments, a cloud-config, other files, that starts as it did. */
export const customize = command({
  usage: 'customize <in> <out>',
  describe: 'change an ISO: kernel arguments, cloud-config, files; it starts as it did',
  examples: [
    [
      '$0 customize rancheros.iso mine.iso --append console=ttyS0 --cloud-config my.yml',
      'a machine of your own',
    ],
    [
      '$0 customize rancheros.iso mine.iso --initrd-file /usr/local/bin/tool=./tool',
      'one file more in the system',
    ],
  ],
  options: (y) =>
    lookOptions(y)
      .positional('in', { type: 'string', demandOption: true, describe: 'the ISO, which stays as it is' })
      .positional('out', { type: 'string', demandOption: true, describe: 'the new one' })
      .option('append', list('kernel arguments that are added to every entry of the boot menus'))
      .option('remove', list('kernel arguments that are taken away: NAME with any value, or NAME=VALUE'))
      .option('cloud-config', {
        type: 'string',
        requiresArg: true,
        describe: 'cloud-config file that the system reads when it starts',
      })
      .option('initrd-file', list('PATH=FILE: a file or directory that goes into the initrd'))
      .option('iso-file', list('PATH=FILE: a file or directory that goes on the ISO'))
      .option('initrd', list('initrd on the ISO that is extended (default: those of the boot menus)'))
      .option('compression', {
        choices: ['none', 'gzip', 'zstd', 'xz', 'lzma', 'lz4'] as const,
        default: 'gzip' as const,
        describe: 'of what is added to the initrd: what its kernel can read',
      }),
  run: (args, context) =>
    inSpool(args.limit, context, async (spool) => {
      const from = isoFile(args.in)
      if (resolve(args.in) === resolve(args.out))
        throw new CliError('ROS_CLI_USAGE', 'the new image cannot take the place of the one it is made of', {
          subject: args.out,
        })
      const given = args['cloud-config']
      const wanted = {
        kernelArguments: {
          append: argumentWords('--append', args.append),
          remove: argumentWords('--remove', args.remove),
        },
        initrdFiles: additionsOf('--initrd-file', args['initrd-file']),
        isoFiles: additionsOf('--iso-file', args['iso-file']),
        initrds: args.initrd,
        compression: args.compression,
        ...(given !== undefined && { cloudConfig: checkedCloudConfig(await readCloudConfig(given)) }),
      }
      const result = await customizeIso(from, wanted, spool)
      for (const warning of result.warnings) context.output.warn(warning)
      const size = await replaceFile(args.out, interruptible(result.chunks, context.signal))
      const { configs, initrds, files, warnings } = result
      return {
        data: { in: args.in, out: args.out, size, configs, initrds, files, warnings },
        text: textOf(args.out, result),
      }
    }),
})

function isoFile(path: string) {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return fileSource(path)
  throw new CliError('ROS_CLI_FILE', 'no such file', { subject: path })
}

async function* interruptible(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}

function textOf(out: string, { configs, initrds, files, size }: CustomizedIso): string {
  const lines = [
    ...configs.map((path) => `kernel arguments: ${path}`),
    ...initrds.map(({ path, added }) => `initrd: ${path}, ${added} bytes added`),
    ...files.map((path) => `file: ${path}`),
    `${out}: ${megabytes(size)}`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}
