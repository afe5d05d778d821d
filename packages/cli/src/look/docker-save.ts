import type { ByteSource } from '@ros/bytes'
import { type Image, imageId, type Layer, mergeLayers, readDockerSave } from '@ros/images-tar'
import type { Tree } from '@ros/tree'
import { layerTree } from '../layer-tree.ts'
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
  return imagesContainer('docker-save', await readDockerSave(source), members, name, spool)
}

/** Images of an archive or layout; their layers are read when they are looked into, shared ones once. */
export function imagesContainer(
  kind: ImagesContainer['kind'],
  images: readonly Image[],
  members: Tree,
  name: string,
  spool: Spool,
): ImagesContainer {
  const trees = new Map<Layer, Promise<Tree>>()
  const treeOf = (layer: Layer): Promise<Tree> => {
    const tree = trees.get(layer) ?? layerTree(layer, name, (chunks) => spool.store(chunks, name))
    trees.set(layer, tree)
    return tree
  }
  const within = images.map((image) => contained(image, treeOf))
  return {
    type: 'images',
    kind,
    tree: members,
    images: within,
    facts: { images: within.map(({ facts }) => facts) },
  }
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

function contained(image: Image, treeOf: (layer: Layer) => Promise<Tree>): ContainedImage {
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
      for (const layer of image.layers) layers.push(await treeOf(layer))
      const tree = await mergeLayers(layers)
      // The layers' digests and the history of steps follow from the files; all else is the image's own.
      const { rootfs: _, history: _history, ...compared } = image.config
      return { type: 'tree', kind: 'image', tree, facts: { ...facts, nodes: countNodes(tree) }, compared }
    },
  }
}
