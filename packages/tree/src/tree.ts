import { sortNames } from '@ros/bytes'
import { TreeError } from './error.ts'
import { checkNode, directory, type Metadata, type TreeNode } from './node.ts'
import { baseName, normalizePath, parentPath } from './path.ts'

/** A node and its path. */
export interface TreeEntry {
  /** Normalised path, never ''. */
  readonly path: string
  readonly node: TreeNode
}

/**
 * The files that go into an image, by path. Every node's parent is a directory of the same tree: what cannot be
 * unpacked cannot be put in. The root itself has no entry; formats that store one take it from `root`.
 */
export class Tree implements Iterable<TreeEntry> {
  readonly #nodes = new Map<string, TreeNode>()
  /** Names in each directory that has some. */
  readonly #names = new Map<string, Set<string>>()
  /** All paths in order, until the next one comes or goes. */
  #order: readonly string[] | undefined
  #root: TreeNode & { type: 'directory' } = directory()

  /** Metadata of the root directory. */
  get root(): TreeNode & { type: 'directory' } {
    return this.#root
  }

  set root(node: TreeNode & { type: 'directory' }) {
    checkNode('/', node)
    this.#root = node
  }

  /** Number of nodes, the root not counted. */
  get size(): number {
    return this.#nodes.size
  }

  get(path: string): TreeNode | undefined {
    return this.#nodes.get(normalizePath(path))
  }

  has(path: string): boolean {
    return this.#nodes.has(normalizePath(path))
  }

  /**
   * Puts a node at a path. Throws `ROS_TREE_PARENT` when the parent is not a directory here, `ROS_TREE_EXISTS` when
   * the path is taken (a directory may replace a directory: its metadata changes), `ROS_TREE_FIELD` for bad metadata.
   */
  add(given: string, node: TreeNode): this {
    const path = this.#checked(given, node)
    const present = this.#nodes.get(path)
    if (present && !(present.type === 'directory' && node.type === 'directory')) {
      throw new TreeError('ROS_TREE_EXISTS', `path is taken by a ${present.type}`, {
        subject: path,
        got: node.type,
      })
    }
    const parent = parentPath(path)
    if (parent !== '' && this.#nodes.get(parent)?.type !== 'directory') {
      const got = this.#nodes.get(parent)?.type ?? 'nothing'
      throw new TreeError('ROS_TREE_PARENT', 'parent is not a directory', { subject: path, got })
    }
    if (!present) {
      this.#order = undefined
      const siblings = this.#names.get(parent)
      if (siblings) siblings.add(baseName(path))
      else this.#names.set(parent, new Set([baseName(path)]))
    }
    this.#nodes.set(path, node)
    return this
  }

  /** As `add`, but whatever stood at the path is removed first, with all below it unless both are directories. */
  replace(given: string, node: TreeNode): this {
    const path = this.#checked(given, node)
    const present = this.#nodes.get(path)
    if (present && !(present.type === 'directory' && node.type === 'directory')) this.remove(path)
    return this.add(path, node)
  }

  /** Makes the directory and those above it that are missing; `given` is the metadata of what is made. */
  addDirectories(given: string, metadata: Partial<Metadata> = {}): this {
    const missing: string[] = []
    let path = normalizePath(given)
    for (; path !== '' && this.#nodes.get(path)?.type !== 'directory'; path = parentPath(path))
      missing.push(path)
    for (const each of missing.reverse()) this.add(each, directory(metadata))
    return this
  }

  /** Removes a path and all below it; removing what is not there is no error. Gives the number of nodes removed. */
  remove(given: string): number {
    const path = normalizePath(given)
    if (path === '') {
      const count = this.#nodes.size
      this.#nodes.clear()
      this.#names.clear()
      this.#order = undefined
      return count
    }
    if (!this.#nodes.has(path)) return 0
    const parent = parentPath(path)
    const siblings = this.#names.get(parent)
    siblings?.delete(baseName(path))
    if (siblings?.size === 0) this.#names.delete(parent)
    this.#order = undefined
    return this.#removeBelow(path)
  }

  #removeBelow(path: string): number {
    let count = 0
    const pending = [path]
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      this.#nodes.delete(at)
      count++
      for (const name of this.#names.get(at) ?? []) pending.push(`${at}/${name}`)
      this.#names.delete(at)
    }
    return count
  }

  /**
   * Copies all nodes of `other` in, below `at`, over what is there (`replace`). Nodes are shared, not copied, so hard
   * links stay hard links.
   */
  merge(other: Tree, at = ''): this {
    const base = normalizePath(at)
    // Taken before the first change: `other` may be this tree.
    const entries = [...other]
    if (base !== '') this.addDirectories(base)
    for (const { path, node } of entries) this.replace(base === '' ? path : `${base}/${path}`, node)
    return this
  }

  /** All nodes in bytewise order of their paths, parents before children. */
  *[Symbol.iterator](): Iterator<TreeEntry> {
    this.#order ??= sortNames([...this.#nodes.keys()])
    for (const path of this.#order) {
      const node = this.#nodes.get(path)
      if (node) yield { path, node }
    }
  }

  /** The names directly inside a directory ('' is the root), in bytewise order. */
  children(given: string): string[] {
    return sortNames([...(this.#names.get(normalizePath(given)) ?? [])])
  }

  /** A new tree of those nodes that `keep` accepts; a node whose directory was left out is left out too. */
  filter(keep: (entry: TreeEntry) => boolean): Tree {
    const kept = new Tree()
    kept.root = this.#root
    for (const entry of this) {
      const parent = parentPath(entry.path)
      if ((parent === '' || kept.has(parent)) && keep(entry)) kept.add(entry.path, entry.node)
    }
    return kept
  }

  #checked(given: string, node: TreeNode): string {
    const path = normalizePath(given)
    if (path === '') {
      throw new TreeError('ROS_TREE_PATH', 'the root is no entry: set Tree.root', {
        subject: JSON.stringify(given),
      })
    }
    checkNode(path, node)
    return path
  }
}
