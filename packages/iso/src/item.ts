import { baseName, type DirectoryNode, parentPath, type Tree, type TreeNode } from '@ros/tree'
import { checkDate } from './fields.ts'

/** A node of the tree with what an image must know beside it: where it hangs, how many names it has. */
export interface Item {
  /** '' is the root. */
  readonly path: string
  readonly name: string
  readonly node: TreeNode
  /** The same number for every name of one node: Rock Ridge's file serial number. Counted from 1. */
  readonly serial: number
  /** Names of the node; for a directory 2 and its subdirectories, as stat(2) counts. */
  links: number
}

export interface DirectoryItem extends Item {
  readonly node: DirectoryNode
  /** In bytewise order of their names. */
  readonly children: Item[]
}

export function isDirectory(item: Item): item is DirectoryItem {
  return item.node.type === 'directory'
}

/** The tree as linked items. Throws `ROS_ISO_DATE` for a time that no record can hold. */
export function collectItems(tree: Tree): DirectoryItem {
  const root: DirectoryItem = { path: '', name: '', node: tree.root, serial: 1, links: 2, children: [] }
  const directories = new Map<string, DirectoryItem>([['', root]])
  const names = new Map<TreeNode, Item[]>()
  checkDate(tree.root.mtime, '/')
  let serials = 1
  for (const { path, node } of tree) {
    checkDate(node.mtime, path)
    const parent = directories.get(parentPath(path))
    if (!parent) throw new Error(`${path} came before its directory`)
    const others = node.type === 'directory' ? undefined : names.get(node)
    const serial = others?.[0]?.serial ?? ++serials
    const item: Item = { path, name: baseName(path), node, serial, links: 1 }
    if (node.type === 'directory') {
      const directory: DirectoryItem = { ...item, node, links: 2, children: [] }
      directories.set(path, directory)
      parent.children.push(directory)
      parent.links++
    } else {
      if (others) others.push(item)
      else names.set(node, [item])
      parent.children.push(item)
    }
  }
  for (const items of names.values()) for (const item of items) item.links = items.length
  return root
}
