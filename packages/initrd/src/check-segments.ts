import { parentPath, type Tree, type TreeNode } from '@ros/tree'
import { InitrdError } from './error.ts'

interface Placed {
  readonly node: TreeNode
  readonly segment: string
  /** Stands at more than one path. */
  readonly linked: boolean
}

/**
 * Throws `ROS_INITRD_CONFLICT` where unpacking the segments one over the other gives something else than the last
 * segment's entry at each path (init/initramfs.c: `clean_path`, `do_name`).
 */
export function checkSegments(segments: readonly { readonly name: string; readonly tree: Tree }[]): void {
  const placed = new Map<string, Placed>()
  const children = new Map<string, number>()
  const count = (path: string, change: number) => {
    const parent = parentPath(path)
    children.set(parent, (children.get(parent) ?? 0) + change)
  }
  for (const { name, tree } of segments) {
    const names = new Map<TreeNode, number>()
    for (const { node } of tree) names.set(node, (names.get(node) ?? 0) + 1)
    for (const { path, node } of tree) {
      const earlier = placed.get(path)
      if (earlier) checkReplaced(path, node, name, earlier, children.get(path) ?? 0)
      else count(path, 1)
      placed.set(path, { node, segment: name, linked: (names.get(node) ?? 0) > 1 })
    }
  }
}

function checkReplaced(
  path: string,
  node: TreeNode,
  segment: string,
  earlier: Placed,
  children: number,
): void {
  if (earlier.segment === segment) return
  const conflict = (problem: string, hint: string) =>
    new InitrdError('ROS_INITRD_CONFLICT', problem, {
      subject: `${segment}: ${path}`,
      got: `${node.type} over ${earlier.node.type} of segment ${earlier.segment}`,
      hint,
    })
  const old = earlier.node
  if (old.type === 'directory' && node.type !== 'directory' && children > 0) {
    throw conflict(
      'the kernel does not remove a directory that has entries and would drop this one',
      'leave the directory out of the earlier segment',
    )
  }
  if (old.type !== node.type || node.type === 'directory' || node.type === 'symlink') return
  // Same type: nothing is removed, the entry is written into the inode that is there.
  if (earlier.linked) {
    throw conflict(
      'the earlier entry is a hard link, so its other names would change too',
      'make it a file of its own in the earlier segment',
    )
  }
  if ('major' in node && 'major' in old && (node.major !== old.major || node.minor !== old.minor)) {
    throw conflict(
      'the kernel keeps the device node that is there',
      'leave the device out of the earlier segment',
    )
  }
}
