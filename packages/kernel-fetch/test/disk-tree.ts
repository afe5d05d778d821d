import { lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAll } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { directory, file, symlink, Tree } from '@ros/tree'

/** A folder as a tree whose contents stay on disk. */
export function diskTree(root: string): Tree {
  const tree = new Tree()
  const walk = (path: string): void => {
    for (const name of readdirSync(join(root, path))) {
      const below = path === '' ? name : `${path}/${name}`
      const status = lstatSync(join(root, below))
      const given = { mode: status.mode % 0o10000, mtime: Math.floor(status.mtimeMs / 1000) }
      if (status.isDirectory()) {
        tree.add(below, directory(given))
        walk(below)
      } else if (status.isSymbolicLink()) tree.add(below, symlink(readlinkSync(join(root, below)), given))
      else if (status.isFile()) tree.add(below, file(fileSource(join(root, below)), given))
    }
  }
  walk('')
  return tree
}

/** Writes a tree's directories and files into a folder. */
export async function writeToDisk(tree: Tree, root: string): Promise<void> {
  for (const { path, node } of tree) {
    if (node.type === 'directory') mkdirSync(join(root, path), { recursive: true })
    if (node.type === 'file') writeFileSync(join(root, path), await readAll(node.content, 1e9))
  }
}
