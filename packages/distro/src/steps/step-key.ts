import { sha256 } from '@ros/bytes/node'
import type { Tree } from '@ros/tree'

/** Raised when a step writes other bytes for the same inputs, so that older results are not taken for new ones. */
const STEP_FORMAT = 1

/** Cache key of a step: its name and everything that its result depends on. */
export function stepKey(step: string, inputs: unknown): string {
  // The compressors are part of Node: another version may write other bytes.
  const { zlib, zstd } = process.versions
  return JSON.stringify({ format: STEP_FORMAT, step, zlib, zstd, inputs })
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
