import { sha256 } from '@ros/bytes/node'
import type { DirectoryNode, TreeNode } from '@ros/tree'
import { DebianError } from './error.ts'

/** A node that wants a path, and where it comes from. */
export interface Claim {
  /** Package name or original path, for errors. */
  readonly from: string
  readonly node: TreeNode
}

/**
 * The one node for a path that several want; the result does not depend on their order. Equal nodes are one (the latest
 * time counts). Directories are one; where their metadata differs, the one that is not the usual 0755 root:root counts.
 * All else throws `ROS_DEBIAN_CLASH` with `hint`.
 */
export async function combine(path: string, claims: readonly Claim[], hint: string): Promise<TreeNode> {
  const [first, ...others] = [...claims].sort((a, b) => (a.from < b.from ? -1 : 1))
  if (first === undefined) throw new Error(`no node for ${path}`)
  let result = first
  for (const other of others) {
    const node =
      result.node.type === 'directory' && other.node.type === 'directory'
        ? combineDirectories(result.node, other.node)
        : await combineEqual(result.node, other.node)
    if (node === undefined) throw clash(path, result, other, hint)
    result = { from: node === other.node ? other.from : result.from, node }
  }
  return result.node
}

function combineDirectories(a: DirectoryNode, b: DirectoryNode): DirectoryNode | undefined {
  if (!isUsual(a) && !isUsual(b) && !sameMetadata(a, b)) return undefined
  return later(isUsual(a) ? b : a, Math.max(a.mtime, b.mtime))
}

async function combineEqual(a: TreeNode, b: TreeNode): Promise<TreeNode | undefined> {
  if (a === b) return a
  return sameMetadata(a, b) && (await sameKind(a, b)) ? (b.mtime > a.mtime ? b : a) : undefined
}

async function sameKind(a: TreeNode, b: TreeNode): Promise<boolean> {
  if (a.type === 'file' && b.type === 'file') {
    if (a.content === b.content) return true
    return a.content.size === b.content.size && (await sha256(a.content)) === (await sha256(b.content))
  }
  if (a.type === 'symlink' && b.type === 'symlink') return a.target === b.target
  if ('major' in a && 'major' in b) return a.type === b.type && a.major === b.major && a.minor === b.minor
  return a.type === b.type && a.type !== 'directory'
}

function sameMetadata(a: TreeNode, b: TreeNode): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && sameXattrs(a.xattrs, b.xattrs)
}

function sameXattrs(a: TreeNode['xattrs'], b: TreeNode['xattrs']): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false
  return [...(a ?? [])].every(([name, value]) => {
    const other = b?.get(name)
    return other !== undefined && Buffer.compare(value, other) === 0
  })
}

function isUsual(node: DirectoryNode): boolean {
  return node.mode === 0o755 && node.uid === 0 && node.gid === 0 && !node.xattrs
}

function later(node: DirectoryNode, mtime: number): DirectoryNode {
  return node.mtime === mtime ? node : { ...node, mtime }
}

function clash(path: string, a: Claim, b: Claim, hint: string): DebianError {
  return new DebianError('ROS_DEBIAN_CLASH', 'two different nodes want one path', {
    subject: path,
    got: `${describe(a)} and ${describe(b)}`,
    hint,
  })
}

function describe({ from, node }: Claim): string {
  const owner = `${node.mode.toString(8).padStart(4, '0')} ${node.uid}:${node.gid}`
  if (node.type === 'symlink') return `a link to ${node.target} (${from})`
  const size = node.type === 'file' ? ` of ${node.content.size} bytes` : ''
  return `a ${node.type}${size} ${owner} (${from})`
}
