import { type ByteSource, encodeName, slice } from '@ros/bytes'
import {
  baseName,
  device,
  directory,
  type Metadata,
  normalizePath,
  parentPath,
  Tree,
  type TreeNode,
} from '@ros/tree'
import type { LayerMember } from './layer-members.ts'
import { archiveError } from './tar-header.ts'

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** Kernel: Documentation/filesystems/overlayfs.rst §whiteouts and opaque directories. */
const OPAQUE_XATTR = 'trusted.overlay.opaque'

/**
 * A layer unpacked as overlay2 keeps it: whiteouts (OCI image-spec, layer.md §Whiteouts) as character devices 0:0, opaque
 * directories marked by an extended attribute. Directories that the tar leaves out are 0o755, root, time 0.
 * A name that comes twice, which docker refuses, or one that leads through a link throws.
 */
export function layerTree(tar: ByteSource, members: readonly LayerMember[]): Tree {
  const tree = new Tree()
  const seen = new Set<string>()
  for (const member of members) {
    if (member.type === 'g') continue
    const path = normalizePath(member.name)
    if (seen.has(path))
      throw archiveError(member.name, 'path comes twice in a layer', path, 'docker loads no such layer')
    seen.add(path)
    const parent = parentPath(path)
    if (path !== '') tree.addDirectories(parent)
    if (baseName(path) === OPAQUE) markOpaque(tree, parent)
    else if (baseName(path).startsWith(WHITEOUT)) {
      const hidden = baseName(path).slice(WHITEOUT.length)
      if (hidden === '') throw archiveError(member.name, 'whiteout names no file')
      const { uid, gid, mtime } = member
      const whiteout = device('character', 0, 0, { mode: 0, uid, gid, mtime })
      tree.replace(parent === '' ? hidden : `${parent}/${hidden}`, whiteout)
    } else place(tree, path, toNode(tree, member, tar))
  }
  return tree
}

/** Bytes of the files of a layer, as docker counts them: content and link targets, of hard links once. */
export function layerSize(tree: Tree): number {
  const nodes = new Set<TreeNode>()
  for (const { node } of tree) nodes.add(node)
  let size = 0
  for (const node of nodes) {
    if (node.type === 'file') size += node.content.size
    if (node.type === 'symlink') size += encodeName(node.target).length
  }
  return size
}

function place(tree: Tree, path: string, node: TreeNode): void {
  const present = path === '' ? tree.root : tree.get(path)
  // A mark that came before the directory's own entry stays.
  const mark = present?.type === 'directory' ? present.xattrs?.get(OPAQUE_XATTR) : undefined
  const marked = mark && node.type === 'directory' ? withMark(node, mark) : node
  if (path !== '') tree.replace(path, marked)
  else if (marked.type === 'directory') tree.root = marked
  else throw archiveError('./', 'root is no directory', node.type)
}

function markOpaque(tree: Tree, path: string): void {
  const node = path === '' ? tree.root : tree.get(path)
  if (node?.type === 'directory') place(tree, path, withMark(node, new TextEncoder().encode('y')))
}

function withMark(
  node: TreeNode & { type: 'directory' },
  mark: Uint8Array,
): TreeNode & { type: 'directory' } {
  return { ...node, xattrs: new Map([...(node.xattrs ?? []), [OPAQUE_XATTR, mark]]) }
}

function toNode(tree: Tree, member: LayerMember, tar: ByteSource): TreeNode {
  const { type, name, uid, gid, mtime, major, minor, xattrs } = member
  const metadata: Metadata = {
    mode: member.mode % 0o10000,
    uid,
    gid,
    mtime,
    ...(xattrs.size > 0 && { xattrs }),
  }
  switch (type) {
    case '0':
    case '7':
      return { type: 'file', content: slice(tar, member.offset, member.size), ...metadata }
    case '1': {
      const target = tree.get(normalizePath(member.linkname))
      if (target && target.type !== 'directory') return target
      throw archiveError(name, 'hard link to no file of this layer', JSON.stringify(member.linkname))
    }
    case '2':
      return { type: 'symlink', target: member.linkname, ...metadata }
    case '3':
      return { type: 'character', major, minor, ...metadata }
    case '4':
      return { type: 'block', major, minor, ...metadata }
    case '5':
      return directory(metadata)
    default:
      return { type: 'fifo', ...metadata }
  }
}
