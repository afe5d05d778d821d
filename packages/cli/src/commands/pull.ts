import { join, resolve } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { type Image, imageId, squashImage, writeDockerSave, writeOciLayout } from '@ros/images-tar'
import {
  fetchArtifact,
  fetchImage,
  isArtifact,
  type RegistryOptions,
  resolveArtifact,
  resolveImage,
} from '@ros/images-tar/registry'
import { openStore, type Store } from '@ros/store'
import { type CommandResult, command } from '../command.ts'
import { CliError } from '../error.ts'
import { layerTree } from '../layer-tree.ts'
import { megabytes } from '../print.ts'
import { cacheDirectory } from '../project.ts'
import { givenRegistry, registryOptions } from '../registry-options.ts'

/** `rancheros-kit pull`: an artifact into a folder, or images into one archive. */
export const pull = command({
  usage: 'pull <references..>',
  describe: 'fetch what `publish` pushed, or images into one archive; every byte is proven',
  examples: [
    ['$0 pull registry.example/team/rancheros:v1', 'vmlinuz, initrd and ISO into dist/artifacts'],
    ['$0 pull busybox:1.36 redis:7 --out images.tar', 'two images, what they share once'],
  ],
  options: (y) =>
    registryOptions(y)
      .positional('references', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'an artifact, or one image or more',
      })
      .option('out', {
        type: 'string',
        describe:
          "folder of an artifact's files (default dist/artifacts), or file of images (default images.tar)",
        requiresArg: true,
      })
      .option('platform', {
        type: 'string',
        default: 'linux/amd64',
        describe: 'which of an index of images: OS/ARCHITECTURE[/VARIANT]',
        requiresArg: true,
      })
      .option('squash', {
        type: 'boolean',
        default: false,
        describe: 'one layer in place of all of an image',
      })
      .option('format', {
        choices: ['docker-save', 'oci'] as const,
        default: 'docker-save' as const,
        describe: 'what the archive of images is',
      }),
  run: async (args, context) => {
    const { references, out, platform, format, squash } = args
    const store = await openStore(cacheDirectory(context.environment))
    return await context.output.withProgress(async (report) => {
      const options: RegistryOptions = {
        ...givenRegistry(args, context),
        onProgress: (done, total) =>
          report({ step: 'pull', text: 'fetching', done, ...(total !== undefined && { total }) }),
      }
      const [first = '', ...others] = references
      if (others.length === 0 && (await isArtifact(first, options)))
        return await pullArtifact(first, resolve(out ?? 'dist/artifacts'), store, options)
      const images = await pullImages(references, platform, store, options)
      if (squash) {
        for (const each of images) each.image = await squashed(each.image, each.reference, store)
      }
      return await writeImages(images, resolve(out ?? 'images.tar'), format)
    })
  },
})

async function pullArtifact(
  reference: string,
  folder: string,
  store: Store,
  options: RegistryOptions,
): Promise<CommandResult> {
  const artifact = await resolveArtifact(reference, options)
  const files = await fetchArtifact(artifact, store, options)
  const written = []
  for (const [name, source] of files) {
    const path = join(folder, name)
    await replaceFile(path, source.open())
    written.push({ path, digest: source.digest, size: source.size })
  }
  const { digest, artifactType } = artifact
  return {
    data: { kind: 'artifact', reference: artifact.reference, digest, artifactType, files: written },
    text: written.map(({ path, size }) => `${path} ${megabytes(size)}\n`).join(''),
  }
}

interface PulledImage {
  image: Image
  readonly reference: string
  readonly digest: string
}

/** The image with one layer, which is kept in the store. */
async function squashed(image: Image, name: string, store: Store): Promise<Image> {
  const keep = (chunks: AsyncIterable<Uint8Array>, key: string) => store.derived(key, () => chunks)
  const trees = []
  for (const layer of image.layers)
    trees.push(await layerTree(layer, name, (chunks) => keep(chunks, `layer ${layer.diffId} as tar`)))
  return await squashImage(image, trees)
}

async function pullImages(
  references: readonly string[],
  platform: string,
  store: Store,
  options: RegistryOptions,
): Promise<PulledImage[]> {
  const images = []
  for (const reference of references) {
    const pinned = await resolveImage(reference, platform, options)
    const image = await fetchImage(pinned, store, options)
    images.push({ image, reference: pinned.reference, digest: pinned.digest })
  }
  return images
}

async function writeImages(
  pulled: readonly PulledImage[],
  path: string,
  format: 'docker-save' | 'oci',
): Promise<CommandResult> {
  const images = unique(pulled.map(({ image }) => image))
  const chunks =
    format === 'oci'
      ? writeOciLayout(images, { compression: 'tar' })
      : writeDockerSave(images, { reuseBuffers: true })
  const size = await replaceFile(path, chunks)
  const facts = pulled.map(({ image, reference, digest }) => ({ reference, digest, id: imageId(image) }))
  return {
    data: { kind: 'images', path, size, format, images: facts },
    text: [
      ...facts.map(({ reference, digest }) => `${reference} ${digest}\n`),
      `${path} ${megabytes(size)}\n`,
    ].join(''),
  }
}

/** The same image under two names is one image with two names. */
function unique(images: readonly Image[]): Image[] {
  const found = new Map<string, Image>()
  for (const image of images) {
    const id = imageId(image)
    const known = found.get(id)
    const repoTags = [...new Set([...(known?.repoTags ?? []), ...image.repoTags])]
    found.set(id, { ...image, repoTags })
  }
  if (found.size > 0) return [...found.values()]
  throw new CliError('ROS_CLI_USAGE', 'no image named', { subject: 'pull' })
}
