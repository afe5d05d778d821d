import { baseName, type DirectoryNode, type FileNode, parentPath, type Tree } from '@ros/tree'
import { DiskError } from './error.ts'
import { entryCount } from './fat-directory.ts'
import { DIRECTORY_ENTRY, type FatDemand } from './fat-geometry.ts'
import { type FatName, fatNames } from './fat-name.ts'
import { encodeFatTime } from './fat-time.ts'

/** A file or directory of the volume. Clusters are counted from 2; an empty file has none and 0 here. */
export interface FatItem {
  /** '' is the root. */
  readonly path: string
  readonly node: FileNode | DirectoryNode
  readonly children: FatItem[]
  readonly parent: FatItem | undefined
  /** Set for directories. */
  names: ReadonlyMap<string, FatName>
  /** Bytes: a file's content, a directory's entries. */
  size: number
}

const MAX_FILE = 0xffff_ffff
const MAX_DIRECTORY = 65_536 * DIRECTORY_ENTRY

/**
 * The tree as items, directories before files, each in bytewise order of the paths: the order of their clusters. Throws
 * `ROS_DISK_NODE`, `ROS_DISK_NAME`, `ROS_DISK_DATE`, `ROS_DISK_LIMIT`.
 */
export function planItems(tree: Tree, hasLabel: boolean): FatItem[] {
  const item = (path: string, node: FatItem['node'], parent?: FatItem): FatItem => {
    encodeFatTime(node.mtime, `/${path}`)
    return { path, node, parent, children: [], names: new Map(), size: 0 }
  }
  const root = item('', tree.root)
  const directories = new Map([['', root]])
  const files: FatItem[] = []
  for (const { path, node } of tree) {
    if (node.type !== 'file' && node.type !== 'directory') {
      throw new DiskError('ROS_DISK_NODE', `FAT has no form for a ${node.type}`, { subject: `/${path}` })
    }
    const parent = directories.get(parentPath(path))
    if (!parent) throw new Error(`${path} came before its directory`)
    const made = item(path, node, parent)
    parent.children.push(made)
    if (node.type === 'directory') directories.set(path, made)
    else files.push(measured(made, node.content.size, MAX_FILE))
  }
  for (const made of directories.values()) {
    made.names = fatNames(
      made.children.map(({ path }) => baseName(path)),
      `/${made.path}`,
    )
    let entries = made === root ? (hasLabel ? 1 : 0) : 2
    for (const name of made.names.values()) entries += entryCount(name)
    measured(made, entries * DIRECTORY_ENTRY, MAX_DIRECTORY)
  }
  return [...directories.values(), ...files]
}

function measured(item: FatItem, size: number, limit: number): FatItem {
  if (size > limit) {
    throw new DiskError('ROS_DISK_LIMIT', `${item.node.type} is too large for FAT`, {
      subject: `/${item.path}`,
      got: `${size} bytes`,
      limit: `${limit} bytes`,
    })
  }
  item.size = size
  return item
}

/** Clusters of an item: an empty file has none, a directory has at least one. */
export function clustersOf({ node, size }: FatItem, clusterSize: number): number {
  return Math.max(node.type === 'directory' ? 1 : 0, Math.ceil(size / clusterSize))
}

export function demandOf(items: readonly FatItem[]): FatDemand {
  return {
    clusters: (clusterSize, withRoot) =>
      items.reduce((sum, item) => sum + (item.parent || withRoot ? clustersOf(item, clusterSize) : 0), 0),
    rootEntries: (items[0]?.size ?? 0) / DIRECTORY_ENTRY,
    size: items.reduce((sum, { size }) => sum + size, 0),
  }
}
