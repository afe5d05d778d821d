import { type ByteSource, encodeName, fromBytes } from '@ros/bytes'
import type { Tree, TreeNode } from '@ros/tree'
import { checkEntry, checkMtime } from './check-entry.ts'
import {
  ALIGNMENT,
  align,
  BLOCK,
  MAGIC,
  MAGIC_CHECKSUM,
  type NewcHeader,
  newcHeader,
  TRAILER,
  typeBits,
} from './newc.ts'

/** One header with its name and, padded to 4 bytes, its content. */
export interface PlannedEntry {
  /** As it is stored, without the NUL. */
  readonly name: Uint8Array
  readonly node: TreeNode
  readonly header: NewcHeader
  readonly content: ByteSource | undefined
  /** Where the content stands, in bytes from the start of the archive. */
  readonly contentOffset: number
}

export interface InitrdPlan {
  readonly entries: readonly PlannedEntry[]
  /** Length of the archive in bytes, a multiple of 512. */
  readonly size: number
}

/** What varies between two archives of one tree. */
export interface InitrdOptions {
  /** Modification time of every entry, in seconds since 1970-01-01 UTC, in place of each node's own. */
  readonly mtime?: number
  /**
   * Magic 070702, with the sum of each file's bytes, which the kernel proves. Every file is read twice. Default: 070701, as
   * everything writes it today.
   */
  readonly checksum?: boolean
}

/**
 * Places every entry: first the root as `.`, as cpio(1) writes it, whose owner and mode the kernel gives to `/`; then
 * the tree in its order. Inodes count from 1. A file with several names is one inode whose content stands at its last
 * name, where GNU cpio looks for it. Throws `InitrdError` for what the kernel would drop, merge or cut.
 */
export function planInitrd(tree: Tree, options: InitrdOptions = {}): InitrdPlan {
  if (options.mtime !== undefined) checkMtime('option mtime', options.mtime)
  const links = countLinks(tree)
  const inodes = new Map<TreeNode, number>()
  const entries: PlannedEntry[] = []
  let lastInode = 0
  let size = 0

  const add = (path: string, node: TreeNode) => {
    checkEntry(path, node, options.mtime)
    const group = linkable(node) ? links.get(node) : undefined
    const ino = inodes.get(node) ?? ++lastInode
    if (group) inodes.set(node, ino)
    const isLast = !group || --group.left === 0
    const content = isLast ? contentOf(node) : undefined
    const name = encodeName(path)
    const header: NewcHeader = {
      magic: magicOf(options),
      ino,
      mode: typeBits[node.type] + node.mode,
      uid: node.uid,
      gid: node.gid,
      nlink: group?.total ?? (node.type === 'directory' ? 2 : 1),
      mtime: options.mtime ?? node.mtime,
      fileSize: content?.size ?? 0,
      devMajor: 0,
      devMinor: 0,
      rdevMajor: 'major' in node ? node.major : 0,
      rdevMinor: 'minor' in node ? node.minor : 0,
      nameSize: name.length + 1,
      check: 0,
    }
    size += headSize(name)
    entries.push({ name, node, header, content, contentOffset: size })
    size += align(header.fileSize, ALIGNMENT)
  }

  add('.', tree.root)
  for (const { path, node } of tree) add(path, node)
  return { entries, size: align(size + headSize(trailerName), BLOCK) }
}

const trailerName = encodeName(TRAILER)

const magicOf = (options: InitrdOptions) => (options.checksum ? MAGIC_CHECKSUM : MAGIC)

/** What ends the archive: an entry of that name, all else zero but the link count (as cpio(1) writes it). */
export const trailer = (options: InitrdOptions): Pick<PlannedEntry, 'name' | 'header'> => ({
  name: trailerName,
  header: {
    magic: magicOf(options),
    ino: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    nlink: 1,
    mtime: 0,
    fileSize: 0,
    devMajor: 0,
    devMinor: 0,
    rdevMajor: 0,
    rdevMinor: 0,
    nameSize: trailerName.length + 1,
    check: 0,
  },
})

/** Length of header, name, NUL and padding: where the content starts. */
export function headSize(name: Uint8Array): number {
  return align(newcHeader.size + name.length + 1, ALIGNMENT)
}

interface LinkGroup {
  readonly total: number
  left: number
}

/** Nodes that stand at more than one path. */
function countLinks(tree: Tree): Map<TreeNode, LinkGroup> {
  const counts = new Map<TreeNode, number>()
  for (const { node } of tree) counts.set(node, (counts.get(node) ?? 0) + 1)
  const groups = new Map<TreeNode, LinkGroup>()
  for (const [node, total] of counts) if (total > 1) groups.set(node, { total, left: total })
  return groups
}

/** The kernel makes hard links of these; a directory or symlink object that is used again is simply written again. */
function linkable(node: TreeNode): boolean {
  return node.type !== 'directory' && node.type !== 'symlink'
}

function contentOf(node: TreeNode): ByteSource | undefined {
  if (node.type === 'file') return node.content
  return node.type === 'symlink' ? fromBytes(encodeName(node.target)) : undefined
}
