import { type ByteSource, readAll, slice } from '@ros/bytes'
import { looksLikeExt, looksLikeFat, readExt4, readFat, readQcow2 } from '@ros/disk'
import { type PartitionTable, readPartitions } from '@ros/partitions'
import { file, Tree } from '@ros/tree'
import { type Container, countNodes, type Facts, type TreeContainer } from './container.ts'

const QCOW2 = 'QFI\xfb'

/** What stands on a disk or in a partition: the file system, as far as its first bytes tell. */
export type DiskKind = 'ext4' | 'fat' | 'iso' | 'partitions' | 'qcow2'

/** What a file that is no archive holds, by its bytes. */
export async function diskKind(source: ByteSource): Promise<DiskKind | undefined> {
  const head = await readAll(slice(source, 0, Math.min(512, source.size)), 512)
  if (String.fromCharCode(...head.subarray(0, 4)) === QCOW2) return 'qcow2'
  if (await isIso(source)) return 'iso'
  if (await looksLikeExt(source)) return 'ext4'
  if (looksLikeFat(head)) return 'fat'
  return (await readPartitions(source)) ? 'partitions' : undefined
}

export async function isIso(source: ByteSource): Promise<boolean> {
  const offset = 16 * 2048 + 1
  if (source.size < offset + 5) return false
  return String.fromCharCode(...(await readAll(slice(source, offset, 5), 5))) === 'CD001'
}

/**
 * A disk: its file system where it has no partitions, else its partitions as files named by their numbers, so that `disk.img:2:/etc` leads
 * into the second one. `inner` opens what a qcow2 image holds.
 */
export async function openDisk(
  source: ByteSource,
  kind: Exclude<DiskKind, 'iso'>,
  inner: (content: ByteSource) => Promise<Container | undefined>,
): Promise<Container> {
  switch (kind) {
    case 'ext4': {
      const { tree, ...facts } = await readExt4(source)
      return volume(facts.type, tree, facts)
    }
    case 'fat': {
      const { tree, type, ...facts } = await readFat(source)
      return volume(type, tree, facts)
    }
    case 'partitions': {
      const table = await readPartitions(source)
      const tree = partitionTree(table)
      const facts = { table: await tableFacts(table), size: source.size }
      const compared = { 'table.type': table?.type, 'table.diskId': table?.diskId }
      return { type: 'tree', kind: 'disk', tree, facts, compared }
    }
    case 'qcow2': {
      const { content, version, clusterSize } = await readQcow2(source)
      const image = { version, clusterSize, diskSize: content.size }
      const inside = await inner(content)
      if (inside?.type !== 'tree') return { type: 'content', kind: 'qcow2', content, facts: { qcow2: image } }
      return { ...inside, facts: { qcow2: image, ...inside.facts } }
    }
  }
}

function volume(kind: TreeContainer['kind'], tree: Tree, { label, ...more }: Facts): TreeContainer {
  const facts = { ...(label !== undefined && { label }), ...more, nodes: countNodes(tree) }
  return { type: 'tree', kind, tree, facts, compared: { ...(label !== undefined && { label }) } }
}

/** Partitions as files named by their numbers. */
export function partitionTree(table: PartitionTable | undefined): Tree {
  const tree = new Tree()
  for (const { number, content } of table?.partitions ?? [])
    tree.replace(String(number), file(content, { mode: 0o600 }))
  return tree
}

/** For `inspect`: what is known of each partition, and what is in it. */
export async function tableFacts(table: PartitionTable | undefined): Promise<Facts | undefined> {
  if (!table) return undefined
  const { partitions, ...facts } = table
  const rows = []
  for (const { content, ...partition } of partitions) {
    const kind = await diskKind(content)
    rows.push({ ...partition, ...(kind !== undefined && { holds: kind }) })
  }
  return { ...facts, partitions: rows }
}
