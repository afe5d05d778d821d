import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAll } from '@ros/bytes'
import type { Tree } from '@ros/tree'

/** Writes a tree's directories and files into a folder. */
export async function writeToDisk(tree: Tree, root: string): Promise<void> {
  for (const { path, node } of tree) {
    if (node.type === 'directory') mkdirSync(join(root, path), { recursive: true })
    if (node.type === 'file') writeFileSync(join(root, path), await readAll(node.content, 1e9))
  }
}
