import { type ByteSource, concat, readAll, slice, zeros } from '@ros/bytes'
import { readTar } from '@ros/debian'
import { type Image, imageId, type Layer, mergeLayers, readDockerSave } from '@ros/images-tar'
import type { Tree } from '@ros/tree'
import { type ContainedImage, countNodes, type ImagesContainer, type TreeContainer } from './container.ts'
import type { Spool } from './spool.ts'

/** Whether the members of a tar are those of a docker-save archive. */
export function isDockerSave(members: Tree): boolean {
  return members.get('manifest.json')?.type === 'file'
}

export async function openDockerSave(
  source: ByteSource,
  members: Tree,
  name: string,
  spool: Spool,
): Promise<ImagesContainer> {
  const trees = new Map<Layer, Promise<Tree>>()
  const layerTree = (layer: Layer): Promise<Tree> => {
    const tree = trees.get(layer) ?? readLayer(layer, name, spool)
    trees.set(layer, tree)
    return tree
  }
  const images = (await readDockerSave(source)).map((image) => contained(image, layerTree))
  const facts = { images: images.map((image) => image.facts) }
  return { type: 'images', kind: 'docker-save', tree: members, images, facts }
}

/** The image that a text names: one of its tags, its repository when that has one tag only or `latest`, or its id. */
export function findImages(images: readonly ContainedImage[], text: string): readonly ContainedImage[] {
  const byTag = images.filter(({ tags }) => tags.includes(text))
  if (byTag.length > 0) return byTag
  const byLatest = images.filter(({ tags }) => tags.includes(`${text}:latest`))
  if (byLatest.length > 0) return byLatest
  const byRepository = images.filter(({ tags }) =>
    tags.some((tag) => tag.slice(0, tag.lastIndexOf(':')) === text),
  )
  if (byRepository.length > 0) return byRepository
  const digits = text.replace(/^sha256:/, '')
  return /^[0-9a-f]{12,64}$/.test(digits) ? images.filter(({ id }) => id.slice(7).startsWith(digits)) : []
}

function contained(image: Image, layerTree: (layer: Layer) => Promise<Tree>): ContainedImage {
  const { architecture, os, created, variant, config } = image.config
  const facts = {
    id: imageId(image),
    tags: image.repoTags,
    architecture,
    os,
    ...(variant !== undefined && { variant }),
    ...(created !== undefined && { created }),
    ...(config !== undefined && { config }),
    layers: image.layers.map(({ diffId, size }) => ({ diffId, size })),
  }
  return {
    id: imageId(image),
    tags: image.repoTags,
    facts,
    async open(): Promise<TreeContainer> {
      const layers: Tree[] = []
      for (const layer of image.layers) layers.push(await layerTree(layer))
      const tree = await mergeLayers(layers)
      // The layers' digests and the history of steps follow from the files; all else is the image's own.
      const { rootfs: _, history: _history, ...compared } = image.config
      return { type: 'tree', kind: 'image', tree, facts: { ...facts, nodes: countNodes(tree) }, compared }
    },
  }
}

async function readLayer(layer: Layer, name: string, spool: Spool): Promise<Tree> {
  const tar = layer.stored ?? (await spool.store(layer.open(), name))
  return readTar(await withEnd(tar), `${name}, layer ${layer.diffId}`, { twice: 'last' })
}

/** Some builders leave out the two blocks of zeros that end a tar. */
async function withEnd(tar: ByteSource): Promise<ByteSource> {
  const last = tar.size >= 512 ? await readAll(slice(tar, tar.size - 512, 512), 512) : undefined
  return last?.every((byte) => byte === 0) ? tar : concat([tar, zeros(1024)])
}
