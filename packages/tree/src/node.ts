import type { ByteSource } from '@ros/bytes'
import { TreeError } from './error.ts'
import { isEncodable } from './path.ts'

/** What every node has. Owner and time are numbers that the caller gives: nothing is taken from the running system. */
export interface Metadata {
  /** Permission bits with setuid, setgid and sticky: 0 … 0o7777. The type is not part of it. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Modification time in whole seconds since 1970-01-01 UTC. */
  readonly mtime: number
  /** Extended attributes by full name (`security.capability`), where a format carries them. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
}

/** A regular file. */
export interface FileNode extends Metadata {
  readonly type: 'file'
  readonly content: ByteSource
}

/** A directory. */
export interface DirectoryNode extends Metadata {
  readonly type: 'directory'
}

/** A symbolic link. */
export interface SymlinkNode extends Metadata {
  readonly type: 'symlink'
  /** As it is stored: relative or absolute, not resolved. */
  readonly target: string
}

/** A block or character device. */
export interface DeviceNode extends Metadata {
  readonly type: 'block' | 'character'
  readonly major: number
  readonly minor: number
}

/** A fifo or a socket. */
export interface SpecialNode extends Metadata {
  readonly type: 'fifo' | 'socket'
}

/** A node of a tree. Two paths that hold the same object are hard links of one file. */
export type TreeNode = FileNode | DirectoryNode | SymlinkNode | DeviceNode | SpecialNode

type Given = Partial<Metadata>

const metadata = (mode: number, given: Given): Metadata => ({
  mode: given.mode ?? mode,
  uid: given.uid ?? 0,
  gid: given.gid ?? 0,
  mtime: given.mtime ?? 0,
  ...(given.xattrs && { xattrs: given.xattrs }),
})

/** A regular file; defaults: 0o644, root, time 0. */
export function file(content: ByteSource, given: Given = {}): FileNode {
  return { type: 'file', content, ...metadata(0o644, given) }
}

/** A directory; defaults: 0o755, root, time 0. */
export function directory(given: Given = {}): DirectoryNode {
  return { type: 'directory', ...metadata(0o755, given) }
}

/** A symbolic link; mode 0o777 as Linux shows it. */
export function symlink(target: string, given: Given = {}): SymlinkNode {
  return { type: 'symlink', target, ...metadata(0o777, given) }
}

/** A device node; defaults: 0o600, root, time 0. */
export function device(
  type: 'block' | 'character',
  major: number,
  minor: number,
  given: Given = {},
): DeviceNode {
  return { type, major, minor, ...metadata(0o600, given) }
}

/** Throws `ROS_TREE_FIELD` when a field is no whole number in its range, or a link's target is no name. */
export function checkNode(path: string, node: TreeNode): void {
  const check = (field: string, value: number, min: number, max: number) => {
    if (Number.isSafeInteger(value) && value >= min && value <= max) return
    throw new TreeError('ROS_TREE_FIELD', `${field} out of range`, {
      subject: path,
      got: String(value),
      limit: `${min} … ${max}`,
    })
  }
  check('mode', node.mode, 0, 0o7777)
  check('uid', node.uid, 0, 0xffff_ffff)
  check('gid', node.gid, 0, 0xffff_ffff)
  check('mtime', node.mtime, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  if (node.type === 'block' || node.type === 'character') {
    check('major', node.major, 0, 0xffff_ffff)
    check('minor', node.minor, 0, 0xffff_ffff)
  }
  if (
    node.type === 'symlink' &&
    (node.target === '' || node.target.includes('\0') || !isEncodable(node.target))
  ) {
    throw new TreeError('ROS_TREE_FIELD', 'link target is empty or has a NUL or a lone surrogate', {
      subject: path,
      got: JSON.stringify(node.target),
    })
  }
}
