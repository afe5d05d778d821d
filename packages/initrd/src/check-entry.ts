import { encodeName } from '@ros/bytes'
import type { TreeNode } from '@ros/tree'
import { InitrdError } from './error.ts'
import { FIELD_MAX, NAME_MAX, PATH_MAX, TRAILER } from './newc.ts'

// What init/initramfs.c of Linux does with such entries is said at each check.

/** Throws `InitrdError` when the kernel would drop this entry, or unpack something else than it says. */
export function checkEntry(path: string, node: TreeNode, mtime: number | undefined): void {
  checkName(path)
  // chown(2) takes the largest value as "leave as it is".
  checkNumber(path, 'uid', node.uid, FIELD_MAX - 1, 'the header has 32 bits, and chown ignores 4294967295')
  checkNumber(path, 'gid', node.gid, FIELD_MAX - 1, 'the header has 32 bits, and chown ignores 4294967295')
  if (mtime === undefined) checkMtime(path, node.mtime)
  if (node.type === 'block' || node.type === 'character') {
    // Put together to 32 bits without a check: a larger number would name another device.
    checkNumber(path, 'major', node.major, 4095, 'Linux has 12 bits for it')
    checkNumber(path, 'minor', node.minor, 1_048_575, 'Linux has 20 bits for it')
  }
  if (node.type === 'file' && node.content.size > FIELD_MAX) {
    throw new InitrdError('ROS_INITRD_SIZE', 'file is too large for the format', {
      subject: path,
      got: `${node.content.size} bytes`,
      limit: `${FIELD_MAX} bytes in a newc header`,
      hint: 'put it on a disk or into the ISO instead',
    })
  }
  if (node.type === 'symlink') checkTarget(path, node.target)
  if (node.xattrs && node.xattrs.size > 0) {
    throw new InitrdError('ROS_INITRD_XATTR', 'extended attributes would be lost', {
      subject: path,
      got: [...node.xattrs.keys()].join(', '),
      limit: 'newc does not carry them',
      hint: 'take them off the node if the system works without them',
    })
  }
}

export function checkMtime(subject: string, mtime: number): void {
  checkNumber(subject, 'mtime', mtime, FIELD_MAX, 'seconds since 1970 in 32 bits')
}

function checkNumber(subject: string, field: string, value: number, max: number, why: string): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return
  throw new InitrdError('ROS_INITRD_FIELD', `${field} does not fit`, {
    subject,
    got: String(value),
    limit: `0 … ${max}: ${why}`,
  })
}

/** Longer paths are skipped, longer names fail to open; both without a message. */
function checkName(path: string): void {
  const length = encodeName(path).length
  if (length >= PATH_MAX) throw nameError(path, 'path is too long', length, PATH_MAX - 1)
  for (const name of path.split('/')) {
    // A character takes at most three bytes per UTF-16 unit.
    if (name.length * 3 <= NAME_MAX) continue
    const nameLength = encodeName(name).length
    if (nameLength > NAME_MAX) throw nameError(path, 'name is too long', nameLength, NAME_MAX)
  }
  if (path === TRAILER) {
    throw new InitrdError('ROS_INITRD_NAME', 'this name ends an archive', { subject: path })
  }
}

function checkTarget(path: string, target: string): void {
  const length = encodeName(target).length
  if (length >= PATH_MAX) throw nameError(path, 'link target is too long', length, PATH_MAX - 1)
}

function nameError(path: string, problem: string, length: number, limit: number): InitrdError {
  return new InitrdError('ROS_INITRD_NAME', problem, {
    subject: path.length > 120 ? `${path.slice(0, 120)}…` : path,
    got: `${length} bytes`,
    limit: `${limit} bytes, the kernel drops the entry above that`,
  })
}
