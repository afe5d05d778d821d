import { parentPath, type Tree, type TreeNode } from '@ros/tree'
import { CliError } from '../error.ts'

/** As Linux (path_resolution(7)). */
const MAX_LINKS = 40

export interface Found {
  /** Normalised path, '' for the root; symbolic links on the way are resolved. */
  readonly path: string
  readonly node: TreeNode
}

/**
 * What a path means inside a tree: symbolic links are followed within it, `..` does not leave the root. With
 * `last: 'keep'` a link at the end of the path is not followed. Undefined when there is no such thing; links that lead
 * back to themselves throw `ROS_CLI_PATH`.
 */
export function walk(tree: Tree, text: string, last: 'follow' | 'keep' = 'follow'): Found | undefined {
  const pending = parts(text)
  let path = ''
  let node: TreeNode = tree.root
  let followed = 0
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (node.type !== 'directory') return undefined
    if (part === '..') {
      path = parentPath(path)
      node = nodeAt(tree, path) ?? tree.root
      continue
    }
    const below = path === '' ? part : `${path}/${part}`
    const next = nodeAt(tree, below)
    if (!next) return undefined
    if (next.type !== 'symlink' || (pending.length === 0 && last === 'keep')) {
      path = below
      node = next
      continue
    }
    if (++followed > MAX_LINKS) {
      throw new CliError('ROS_CLI_PATH', 'symbolic links lead nowhere', {
        subject: text,
        limit: `${MAX_LINKS} links, path_resolution(7)`,
      })
    }
    if (next.target.startsWith('/')) {
      path = ''
      node = tree.root
    }
    pending.push(...parts(next.target))
  }
  return { path, node }
}

function nodeAt(tree: Tree, path: string): TreeNode | undefined {
  return path === '' ? tree.root : tree.get(path)
}

/** Components, the first one last. */
function parts(text: string): string[] {
  return text
    .split('/')
    .filter((part) => part !== '' && part !== '.' && !part.includes('\0'))
    .reverse()
}
