import { type ByteSource, fromBytes } from '@ros/bytes'
import { type Metadata, parentPath, Tree, type TreeNode } from '@ros/tree'

/** A file, directory … as the kernel holds it: several paths may lead to it, and a later entry may change it. */
export interface Inode {
  readonly type: TreeNode['type']
  metadata: Metadata
  content: ByteSource
  readonly target: string
  readonly rdev: readonly [major: number, minor: number]
}

export type InodeValues = Pick<Inode, 'type' | 'metadata'> & Partial<Inode>

/** A file system in the making: paths are normalised as those of a `Tree`, '' is the root. */
export class Unpacked {
  readonly #inodes = new Map<string, Inode>()
  readonly #children = new Map<string, number>()

  constructor() {
    this.#inodes.set(
      '',
      makeInode({ type: 'directory', metadata: { mode: 0o755, uid: 0, gid: 0, mtime: 0 } }),
    )
  }

  get(path: string): Inode | undefined {
    return this.#inodes.get(path)
  }

  /** Puts a new inode at a free path, whose parent the caller has looked up. */
  create(path: string, values: InodeValues): Inode {
    const inode = makeInode(values)
    this.link(path, inode)
    return inode
  }

  link(path: string, inode: Inode): void {
    this.#inodes.set(path, inode)
    this.#count(path, 1)
  }

  /** unlink(2) or rmdir(2). False when the path is a directory that has entries. */
  remove(path: string): boolean {
    if ((this.#children.get(path) ?? 0) > 0 || path === '') return false
    if (this.#inodes.delete(path)) this.#count(path, -1)
    return true
  }

  #count(path: string, change: number): void {
    const parent = parentPath(path)
    this.#children.set(parent, (this.#children.get(parent) ?? 0) + change)
  }

  /**
   * The path that a name means, symlinks resolved but for the last component; `undefined` when something on the way is no
   * directory. Nothing leads out of the root.
   */
  resolve(name: string): string | undefined {
    const pending = componentsOf(name)
    let at = ''
    let followed = 0
    for (let component = pending.pop(); component !== undefined; component = pending.pop()) {
      if (component === '..') {
        at = parentPath(at)
        continue
      }
      const next = at === '' ? component : `${at}/${component}`
      if (pending.length === 0) return next
      const inode = this.#inodes.get(next)
      if (inode?.type === 'directory') at = next
      else if (inode?.type === 'symlink' && ++followed <= SYMLINKS_MAX) {
        if (inode.target.startsWith('/')) at = ''
        pending.push(...componentsOf(inode.target))
      } else return undefined
    }
    return at
  }

  toTree(): Tree {
    const tree = new Tree()
    const nodes = new Map<Inode, TreeNode>()
    const paths = [...this.#inodes.keys()].sort((a, b) => a.length - b.length)
    for (const path of paths) {
      const inode = this.#inodes.get(path) as Inode
      const node = nodes.get(inode) ?? makeNode(inode)
      nodes.set(inode, node)
      if (path !== '') tree.add(path, node)
      else if (node.type === 'directory') tree.root = node
    }
    return tree
  }
}

/** As Linux (path_resolution(7)). */
const SYMLINKS_MAX = 40

/** The parts of a path, the first one last. */
function componentsOf(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .reverse()
}

function makeInode(values: InodeValues): Inode {
  return { content: fromBytes(new Uint8Array(0)), target: '', rdev: [0, 0], ...values }
}

function makeNode({ type, metadata, content, target, rdev }: Inode): TreeNode {
  switch (type) {
    case 'file':
      return { type, ...metadata, content }
    case 'symlink':
      return { type, ...metadata, target }
    case 'block':
    case 'character':
      return { type, ...metadata, major: rdev[0], minor: rdev[1] }
    case 'directory':
    case 'fifo':
    case 'socket':
      return { type, ...metadata }
  }
}
