import type { ByteSource } from '@ros/bytes'
import { readIso } from '@ros/iso'
import { type PartitionTable, readPartitions } from '@ros/partitions'
import type { Tree } from '@ros/tree'
import { countNodes, type TreeContainer } from './container.ts'
import { isIso, partitionTree, tableFacts } from './disk.ts'
import type { Spool } from './spool.ts'

export async function openIso(source: ByteSource, spool: Spool): Promise<TreeContainer> {
  const read = await readIso(source, spool.lenient ? { mode: 'lenient' } : {})
  const { volume, hierarchies, tree, bootEntries, problems } = read
  spool.problems.push(...problems.map(({ message }) => message))
  const { sectorCount: _, ...named } = volume
  const table = await readPartitions(source)
  const partitions = await otherPartitions(table)
  return {
    type: 'tree',
    kind: 'iso',
    tree,
    ...(partitions.size > 0 && { partitions }),
    facts: {
      volume,
      hierarchies,
      bootEntries,
      ...(table && { table: await tableFacts(table) }),
      nodes: countNodes(tree),
    },
    compared: {
      ...Object.fromEntries(Object.entries(named).map(([name, value]) => [`volume.${name}`, value])),
      hierarchies,
      // Where things stand follows from what they are: a moved file is no difference of its own.
      bootEntries: bootEntries.map(({ lba: _lba, ...entry }) => entry),
    },
  }
}

/** Partitions beside those that are the ISO, from its start or with descriptors of their own. */
async function otherPartitions(table: PartitionTable | undefined): Promise<Tree> {
  const tree = partitionTree(table)
  for (const { number, content } of table?.partitions ?? [])
    if (await isIso(content)) tree.remove(String(number))
  return tree
}
