import type { ByteSource } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { mergeDebs, readTar, usrMerge } from '@ros/debian'
import { type Image, imageId, mergeLayers, readDockerSave } from '@ros/images-tar'
import { directoryTree } from '@ros/kernel-fetch'
import type { Store, StoredSource } from '@ros/store'
import { followPath, Tree, type TreeNode } from '@ros/tree'
import { containerTree, plainContent } from './container-tree.ts'
import { mergedTree } from './debs.ts'
import { DistroError } from './error.ts'
import type { LockedPackage } from './lock-schema.ts'

/** An input that is here and proven. */
export type Input =
  | { readonly kind: 'packages'; readonly packages: readonly LockedPackage[] }
  | { readonly kind: 'content'; readonly name: string; readonly content: StoredSource }
  | { readonly kind: 'contents'; readonly contents: readonly (Input & { kind: 'content' })[] }
  | { readonly kind: 'directory'; readonly path: string; readonly digest: Digest }
  | { readonly kind: 'images'; readonly images: readonly Image[] }
  | { readonly kind: 'inside'; readonly path: string; readonly of: Input }

/** What stands for an input in a cache key: digests, no place. */
export function inputKey(input: Input): unknown {
  switch (input.kind) {
    case 'packages':
      return setKey(input.packages)
    case 'content':
      return input.content.digest
    case 'contents':
      return input.contents.map(({ content }) => content.digest)
    case 'directory':
      return input.digest
    case 'images':
      return input.images.map((image) => [image.repoTags, imageId(image)])
    case 'inside':
      return [input.path, inputKey(input.of)]
  }
}

/** What stands for a set of packages in a cache key. */
export function setKey(packages: readonly LockedPackage[]): string[] {
  return packages.map(({ name, digest }) => `${name} ${digest}`)
}

/** The input as a tree: packages merged, a container opened, or a directory. */
export async function inputTree(store: Store, input: Input, sbin: 'keep' | 'bin' = 'keep'): Promise<Tree> {
  switch (input.kind) {
    case 'packages':
      return mergedTree(store, input.packages, sbin)
    case 'content': {
      const tree = await containerTree(store, input.content, input.name)
      if (tree.get('manifest.json')?.type !== 'file') return tree
      return imageTree(oneImage(await inputImages(store, input), input.name))
    }
    case 'contents':
      return mergedContents(store, input.contents)
    case 'images':
      return imageTree(oneImage(input.images, 'a tree'))
    case 'directory':
      return directoryTree(input.path)
    case 'inside': {
      const node = await nodeInside(store, input)
      if (node.type === 'tree') return node.tree
      return containerTree(store, await store.take(node.content.open()), input.path)
    }
  }
}

/** The input as one file. Throws `ROS_DISTRO_INPUT` for what is none. */
export async function inputFile(store: Store, input: Input, subject: string): Promise<ByteSource> {
  if (input.kind === 'content') return input.content
  if (input.kind === 'inside') {
    const node = await nodeInside(store, input)
    if (node.type === 'file') return node.content
  }
  throw new DistroError('ROS_DISTRO_INPUT', 'this source is no single file', {
    subject,
    hint: 'name a file, or a path inside something with `inside` and `of`',
  })
}

async function nodeInside(
  store: Store,
  { path, of }: Input & { kind: 'inside' },
): Promise<{ type: 'tree'; tree: Tree } | { type: 'file'; content: ByteSource }> {
  const outer = await inputTree(store, of)
  const found = followPath(outer, path)
  if (found?.node.type === 'file') return { type: 'file', content: found.node.content }
  if (found?.node.type === 'directory') return { type: 'tree', tree: below(outer, found.path, found.node) }
  throw new DistroError('ROS_DISTRO_INPUT', found ? 'neither a file nor a directory' : 'not in there', {
    subject: `inside: ${path}`,
    got: found?.node.type ?? 'nothing',
  })
}

/** What stands below a directory, as a tree of its own. */
function below(tree: Tree, path: string, root: TreeNode): Tree {
  if (path === '') return tree
  const part = new Tree()
  if (root.type === 'directory') part.root = root
  for (const entry of tree)
    if (entry.path.startsWith(`${path}/`)) part.add(entry.path.slice(path.length + 1), entry.node)
  return part
}

/** The images of a registry, of a daemon, or of a docker-save archive. */
export async function inputImages(store: Store, input: Input): Promise<readonly Image[]> {
  if (input.kind === 'images') return input.images
  if (input.kind === 'content') return readDockerSave(await plainContent(store, input.content))
  const content = await inputFile(store, input, 'images')
  return readDockerSave(await plainContent(store, await store.take(content.open())))
}

/** The file system that a container of the image starts with. */
async function imageTree(image: Image): Promise<Tree> {
  const [name = 'image'] = image.repoTags
  const layers = image.layers.map(({ stored, diffId }) => {
    if (stored) return readTar(stored, `${name}, layer ${diffId}`, { twice: 'last' })
    throw new Error(`layer ${diffId} of ${name} does not lie in the store`)
  })
  return mergeLayers(await Promise.all(layers))
}

function oneImage(images: readonly Image[], subject: string): Image {
  const [image, ...more] = images
  if (image && more.length === 0) return image
  throw new DistroError('ROS_DISTRO_INPUT', 'one image is wanted here', {
    subject,
    got: images.flatMap(({ repoTags }) => repoTags).join(', ') || `${images.length} images`,
  })
}

/** The content of several packages or tarballs together; two different files at one path are an error. */
async function mergedContents(
  store: Store,
  contents: readonly (Input & { kind: 'content' })[],
): Promise<Tree> {
  const trees = new Map<string, Tree>()
  for (const { name, content } of contents) {
    const tree = await containerTree(store, content, name)
    trees.set(`${name} ${content.digest}`, await usrMerge(tree, { sbin: 'keep' }))
  }
  return mergeDebs(trees)
}
