import { compareNames } from '@ros/bytes'
import { parentPath, type SymlinkNode, symlink, Tree, type TreeNode } from '@ros/tree'
import { type Claim, combine } from './combine.ts'

/** How far directories are merged. */
export interface UsrMergeOptions {
  /** `bin`: what lies in sbin moves to bin as well, and `usr/sbin` becomes a link to it. */
  readonly sbin: 'keep' | 'bin'
}

/** Directories that moved below /usr (file-hierarchy(7), Debian's usrmerge). */
const moved = ['bin', 'lib', 'lib32', 'lib64', 'libo32', 'libx32', 'sbin']

/**
 * The same files with `bin`, `sbin`, `lib`, `lib64`, `lib32` and `libx32` below `usr`, and links in their old places for
 * those that `usr` has. Relative links that moved still reach what they did; a link that would come to lie on what it
 * points to goes. Equal nodes that meet at one path are one, others throw `ROS_DEBIAN_CLASH`.
 */
export async function usrMerge(tree: Tree, options: UsrMergeOptions): Promise<Tree> {
  const place = (path: string) => newPath(path, options)
  const claims = new Map<string, Claim[]>()
  // In bytewise order: `bin/lsmod -> kmod` comes before `sbin/lsmod -> /bin/kmod`, which then says the same.
  const links = new Set<string>()
  for (const { path, node } of tree) {
    const here = place(path)
    const known = claims.get(here) ?? []
    if (node.type === 'symlink') {
      const wanted = place(resolveLink(path, node.target))
      const link = `${here}\0${wanted}`
      if (wanted === here || links.has(link)) continue
      links.add(link)
      claims.set(here, [...known, { from: path, node: fixLink(path, node, wanted, place) }])
    } else claims.set(here, [...known, { from: path, node }])
  }
  const result = new Tree()
  result.root = tree.root
  for (const path of [...claims.keys()].sort(compareNames)) {
    const node = await combine(path, claims.get(path) ?? [], 'leave out the package that has one of them')
    result.addDirectories(parentPath(path), { mtime: node.mtime })
    result.add(path, node)
  }
  return addLinks(result, options)
}

function newPath(path: string, { sbin }: UsrMergeOptions): string {
  const [top = ''] = path.split('/', 1)
  const below = moved.includes(top) ? `usr/${path}` : path
  const isSbin = below === 'usr/sbin' || below.startsWith('usr/sbin/')
  return sbin === 'bin' && isSbin ? `usr/bin${below.slice('usr/sbin'.length)}` : below
}

/** The link as it must read in its new place to reach `wanted`. */
function fixLink(path: string, node: SymlinkNode, wanted: string, place: (path: string) => string): TreeNode {
  const here = place(path)
  if (here === path || node.target.startsWith('/')) return node
  if (place(resolveLink(here, node.target)) === wanted) return node
  return { ...node, target: relativeTo(parentPath(here), wanted) }
}

/** Where a link at `path` points, by the names alone; '' is the root. */
function resolveLink(path: string, target: string): string {
  const parts = target.startsWith('/') ? [] : parentPath(path).split('/')
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.filter((part) => part !== '').join('/')
}

function relativeTo(base: string, path: string): string {
  const from = base.split('/')
  const to = path === '' ? [] : path.split('/')
  let common = 0
  while (common < from.length && common < to.length && from[common] === to[common]) common++
  return [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/') || '.'
}

function addLinks(tree: Tree, { sbin }: UsrMergeOptions): Tree {
  for (const name of moved) {
    const target = newPath(name, { sbin })
    const below = tree.get(target)
    if (below?.type !== 'directory') continue
    tree.add(name, symlink(target, { mtime: below.mtime }))
    if (target !== `usr/${name}`) tree.add(`usr/${name}`, symlink('bin', { mtime: below.mtime }))
  }
  return tree
}
