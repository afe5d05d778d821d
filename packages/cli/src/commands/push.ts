import { imageId } from '@ros/images-tar'
import { pushImage } from '@ros/images-tar/registry'
import { openStore } from '@ros/store'
import { command } from '../command.ts'
import { readImages } from '../images-file.ts'
import { megabytes } from '../print.ts'
import { cacheDirectory } from '../project.ts'
import { givenRegistry, registryOptions } from '../registry-options.ts'

/** `rancheros-kit push`: an image of an archive or layout to a registry. */
export const push = command({
  usage: 'push <file> <reference>',
  describe: 'push an image of a docker-save archive or an OCI layout to a registry',
  examples: [
    ['$0 push images.tar --image rancher/os-console:v1 registry.example/console:v1', 'one image of many'],
  ],
  options: (y) =>
    registryOptions(y)
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'docker-save archive, OCI layout as tar or directory',
      })
      .positional('reference', { type: 'string', demandOption: true, describe: 'where to: with a tag' })
      .option('image', {
        type: 'string',
        describe: 'which, by name or id; not needed when there is one only',
        requiresArg: true,
      })
      .option('format', {
        choices: ['oci', 'docker'] as const,
        default: 'oci' as const,
        describe: 'kind of manifest',
      })
      .option('compression', {
        choices: ['gzip', 'zstd'] as const,
        default: 'gzip' as const,
        describe: 'of layers that are not compressed yet',
      })
      .option('mount-from', {
        type: 'string',
        describe: 'repository of the same registry that may have some layers already',
        requiresArg: true,
      }),
  run: async (args, context) => {
    const image = await readImages(args.file, args.image)
    const store = await openStore(cacheDirectory(context.environment))
    const { format, compression, mountFrom } = args
    const result = await context.output.withProgress((report) =>
      pushImage(image, args.reference, store, {
        ...givenRegistry(args, context),
        format,
        compression,
        ...(mountFrom !== undefined && { mountFrom }),
        onProgress: (done, total) =>
          report({
            step: 'push',
            text: `pushing to ${args.reference}`,
            done,
            ...(total !== undefined && { total }),
          }),
      }),
    )
    return {
      data: { ...result, id: imageId(image) },
      text: `${result.reference}@${result.digest} ${megabytes(result.size)}\n`,
    }
  },
})
