import type { ByteSource } from '@ros/bytes'
import { readInitrd } from '@ros/initrd'
import { countNodes, type TreeContainer } from './container.ts'
import type { Spool } from './spool.ts'

/** The tree that Linux makes of the whole file, all segments together. */
export async function openInitrd(source: ByteSource, name: string, spool: Spool): Promise<TreeContainer> {
  const { tree, segments, dropped } = await readInitrd(source, {
    store: (chunks) => spool.store(chunks, name),
  })
  return {
    type: 'tree',
    kind: 'initrd',
    tree,
    facts: { segments, dropped, nodes: countNodes(tree) },
    compared: { dropped: dropped.map(({ name: path, reason }) => ({ path, reason })) },
  }
}
