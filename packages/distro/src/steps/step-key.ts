import { sha256 } from '@ros/bytes/node'
import type { Tree } from '@ros/tree'
import { codeDigest } from '../code-digest.ts'

/** Cache key of a step: its name and everything that its result depends on, our own code included. */
export function stepKey(step: string, inputs: unknown): string {
  // The compressors are part of Node: another version may write other bytes.
  const { zlib, zstd } = process.versions
  return JSON.stringify({ step, code: codeDigest(), zlib, zstd, inputs })
}

/** What stands for a small tree in a cache key: paths, modes, owners, contents by digest. */
export async function treeKey(tree: Tree): Promise<unknown[]> {
  const rows: unknown[] = []
  for (const { path, node } of tree) {
    const content =
      node.type === 'file' ? await sha256(node.content) : node.type === 'symlink' ? node.target : ''
    rows.push([path, node.type, node.mode, node.uid, node.gid, content])
  }
  return rows
}
