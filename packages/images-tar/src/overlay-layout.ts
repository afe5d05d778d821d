import { directory, Tree, type TreeNode } from '@ros/tree'
import { type DockerLayoutOptions, dockerLayout } from './docker-layout.ts'
import { mergeLayers } from './merge-layers.ts'
import type { Image } from './model.ts'

/**
 * Docker's image store for the storage driver `overlay`, as docker 1.10 leaves it after `docker load`: each layer's directory has
 * `root`, the whole file system up to it, whose files are hard links to those of the layer below (docker 1.10,
 * daemon/graphdriver/overlay). Layers as for `dockerLayout`.
 */
export async function overlayLayout(images: readonly Image[], options: DockerLayoutOptions): Promise<Tree> {
  const modern = await dockerLayout(images, options)
  const { mtime } = options
  const old = new Tree()
  for (const { path, node } of modern) {
    if (path === 'image/overlay2' || path.startsWith('image/overlay2/'))
      old.add(path.replace('image/overlay2', 'image/overlay'), node)
    else if (!path.startsWith('overlay2')) old.add(path, node)
  }
  old.add('overlay', directory({ mode: 0o700, mtime }))
  const chains = new Map<string, Tree>()
  for (const image of images) {
    let below: Tree | undefined
    for (const id of chainOf(modern, image)) {
      const known: Tree =
        chains.get(id) ?? (await mergeLayers([...(below ? [below] : []), diffOf(modern, id)]))
      if (!chains.has(id)) {
        chains.set(id, known)
        old.add(`overlay/${id}`, directory({ mode: 0o700, mtime }))
        old.add(`overlay/${id}/root`, known.root).merge(known, `overlay/${id}/root`)
      }
      below = known
    }
  }
  return old
}

/** Cache ids of an image's layers from the lowest: `dockerLayout` names them by chain id. */
function chainOf(modern: Tree, image: Image): string[] {
  const byDiff = modern.children('image/overlay2/layerdb/sha256')
  const ids: string[] = []
  let parent: string | undefined
  for (const { diffId } of image.layers) {
    const id: string | undefined = byDiff.find(
      (one) => textAt(modern, one, 'diff') === diffId && textAt(modern, one, 'parent') === parent,
    )
    if (id === undefined) throw new Error(`layer ${diffId} is not in the layout that was just made`)
    ids.push(id)
    parent = `sha256:${id}`
  }
  return ids
}

function textAt(modern: Tree, id: string, name: string): string | undefined {
  const node = modern.get(`image/overlay2/layerdb/sha256/${id}/${name}`)
  if (node?.type !== 'file' || !node.content.readInto) return undefined
  const bytes = new Uint8Array(node.content.size)
  node.content.readInto(bytes, 0)
  return new TextDecoder().decode(bytes)
}

/** The layer's own files, with the whiteouts of overlayfs as those of a tar again. */
function diffOf(modern: Tree, id: string): Tree {
  const top = `overlay2/${id}/diff`
  const layer = new Tree()
  const root = modern.get(top)
  if (root?.type === 'directory') layer.root = root
  for (const { path, node } of modern) {
    if (!path.startsWith(`${top}/`)) continue
    const below = path.slice(top.length + 1)
    const slash = below.lastIndexOf('/') + 1
    if (isWhiteout(node)) layer.add(`${below.slice(0, slash)}.wh.${below.slice(slash)}`, node)
    else layer.add(below, withoutOpaque(node))
    if (isOpaque(node)) layer.add(`${below}/.wh..wh..opq`, directory())
  }
  return layer
}

function isWhiteout(node: TreeNode): boolean {
  return node.type === 'character' && node.major === 0 && node.minor === 0
}

function isOpaque(node: TreeNode): boolean {
  return node.type === 'directory' && node.xattrs?.has('trusted.overlay.opaque') === true
}

function withoutOpaque(node: TreeNode): TreeNode {
  if (!isOpaque(node)) return node
  const { xattrs: _, ...plain } = node
  return plain as TreeNode
}
