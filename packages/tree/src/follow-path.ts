import { TreeError } from './error.ts'
import type { TreeNode } from './node.ts'
import { parentPath } from './path.ts'
import type { Tree } from './tree.ts'

/** As Linux (path_resolution(7)). */
const MAX_LINKS = 40

/**
 * What a path means inside a tree: symbolic links are followed within it, `..` does not leave the root, a leading slash is the
 * root. Undefined when there is no such thing; links that lead back to themselves throw `ROS_TREE_PATH`.
 */
export function followPath(tree: Tree, given: string): { path: string; node: TreeNode } | undefined {
  const pending = components(given)
  let path = ''
  let node: TreeNode = tree.root
  let followed = 0
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (node.type !== 'directory') return undefined
    const next: string = part === '..' ? parentPath(path) : path === '' ? part : `${path}/${part}`
    const found = next === '' ? tree.root : tree.get(next)
    if (!found) return undefined
    if (found.type !== 'symlink') {
      path = next
      node = found
      continue
    }
    if (++followed > MAX_LINKS) {
      throw new TreeError('ROS_TREE_PATH', 'symbolic links lead nowhere', {
        subject: given,
        limit: `${MAX_LINKS} links, path_resolution(7)`,
      })
    }
    if (found.target.startsWith('/')) {
      path = ''
      node = tree.root
    }
    pending.push(...components(found.target))
  }
  return { path, node }
}

/** The first one last. */
function components(text: string): string[] {
  return text
    .split('/')
    .filter((part) => part !== '' && part !== '.' && !part.includes('\0'))
    .reverse()
}
