import { createHash } from 'node:crypto'
import { type ByteSource, checkUint } from '@ros/bytes'
import { type Digest, sha256, withDigest } from '@ros/bytes/node'
import type { Tree, TreeEntry, TreeNode } from '@ros/tree'
import type { Layer } from './model.ts'
import { entryError, type TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

/**
 * A tree as a layer. The tree's files are read once now, for the digest, and again for each reading of the layer;
 * a file that has changed in between makes that reading throw. Names that start with `.wh.` are whiteouts (OCI
 * image-spec, layer.md §Whiteouts) and pass as they are.
 */
export async function treeLayer(tree: Tree): Promise<Layer> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of writeTreeTar(tree)) {
    hash.update(chunk)
    size += chunk.length
  }
  const digest: Digest = `sha256:${hash.digest('hex')}`
  return {
    diffId: digest,
    size: checkUint(size, Number.MAX_SAFE_INTEGER, 'layer size'),
    open: () => withDigest(writeTreeTar(tree), { digest, size }, 'layer from a tree'),
  }
}

/** A layer from a finished tar, such as `writeTreeTar` wrote to a cache. Give `diffId` when it is known already. */
export async function tarLayer(tar: ByteSource, diffId?: Digest): Promise<Layer> {
  const digest = diffId ?? (await sha256(tar))
  const { size } = tar
  return {
    diffId: digest,
    size,
    stored: tar,
    open: () => withDigest(tar.open(), { digest, size }, `layer ${digest}`),
  }
}

/**
 * The tar of a tree that `treeLayer` makes a layer of: bytewise order, parents first, a hard link after its file,
 * extended attributes as `SCHILY.xattr` pax records. Sockets throw `ROS_IMAGES_TAR_ENTRY`.
 */
export function writeTreeTar(tree: Tree): AsyncIterable<Uint8Array> {
  return writeTar(treeEntries(tree))
}

function* treeEntries(tree: Tree): Iterable<TarEntry> {
  if (!isPlainRoot(tree.root)) yield nodeEntry('./', tree.root)
  const seen = new Map<TreeNode, string>()
  for (const entry of tree) {
    const first = seen.get(entry.node)
    if (first === undefined) {
      if (entry.node.type === 'file') seen.set(entry.node, entry.path)
      yield nodeEntry(entry.path, entry.node)
    } else {
      const { mode, uid, gid, mtime } = entry.node
      yield { type: 'link', path: entry.path, linkname: first, mode, uid, gid, mtime }
    }
  }
}

/** A root that every unpacker makes by itself needs no entry. */
function isPlainRoot(root: Tree['root']): boolean {
  return root.mode === 0o755 && root.uid === 0 && root.gid === 0 && root.mtime === 0 && !root.xattrs?.size
}

function nodeEntry(path: string, node: TreeEntry['node']): TarEntry {
  const { mode, uid, gid, mtime, xattrs } = node
  const common = { path, mode, uid, gid, mtime, ...(xattrs && { xattrs }) }
  switch (node.type) {
    case 'file':
      return { ...common, type: 'file', size: node.content.size, content: node.content }
    case 'symlink':
      return { ...common, type: 'symlink', linkname: node.target }
    case 'block':
      return { ...common, type: 'block-device', major: node.major, minor: node.minor }
    case 'character':
      return { ...common, type: 'character-device', major: node.major, minor: node.minor }
    case 'directory':
    case 'fifo':
      return { ...common, type: node.type }
    case 'socket':
      throw entryError(path, 'a tar archive holds no sockets', 'socket', 'leave it out of the tree')
  }
}
