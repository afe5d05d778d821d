import type { ByteSource } from '@ros/bytes'
import type { SectorRun } from '@ros/iso'
import { readPartitions } from '@ros/partitions'
import type { TreeNode } from '@ros/tree'
import { gather, type Sized } from './gather.ts'
import { kindOf } from './kind.ts'
import { PARTITION } from './node-text.ts'
import type { Opened } from './opened.ts'
import type { Level, SpaceKind, SpaceNode } from './space.ts'

/** Nodes shown of one container, about. */
const LIMIT = 140
/** What is less than this part of a container is gathered. */
const SHARE = 0.002
const SECTOR = 2048

/** A level, and the contents of its files by their nodes' ids. */
export interface Measured {
  readonly level: Level
  readonly contents: ReadonlyMap<string, ByteSource>
}

/** Measures what takes the space in one container; what cannot be read gets a note. */
export async function measureLevel(
  id: string,
  opened: Opened,
  notes: Map<string, string>,
): Promise<Measured> {
  const { name, what, stored, labels, iso } = opened
  const sectors = iso?.sectors
  const { files, contentAt } = filesOf(opened, sectors)
  const contents = new Map<string, ByteSource>()
  const gathered: SpaceNode[] = []
  for (const node of gather(files, { id, limit: LIMIT, share: SHARE }))
    gathered.push(await named(node, labels, contentAt, contents, notes))
  const partitions = await partitionNodes(id, opened, sectors ?? [], contents)
  const nodes = [...gathered, ...partitions]
  const sum = nodes.reduce((total, { size }) => total + size, 0)
  if (opened.rest !== undefined && stored !== undefined && stored > sum)
    nodes.push(single(`${id}-rest`, 'rest', opened.rest, stored - sum))
  const level: Level = {
    id,
    name,
    what,
    stored: stored ?? sum,
    size: nodes.reduce((total, { size }) => total + size, 0),
    files: files.length + partitions.length,
    nodes: nodes.sort((a, b) => b.size - a.size),
    ...(sectors && { sectors }),
  }
  return { level, contents }
}

/** The files with the bytes that they take; those of an ISO as its sectors say, hard links once. */
function filesOf({ tree, at }: Opened, sectors: readonly SectorRun[] | undefined) {
  const stored = new Map<string, number>()
  for (const { owner, size } of sectors ?? []) {
    const path = /^file \/(.*)$/s.exec(owner)?.[1]
    if (path !== undefined) stored.set(path, (stored.get(path) ?? 0) + size)
  }
  const prefix = at === '' ? '' : `${at}/`
  const seen = new Set<TreeNode>()
  const files: Sized[] = []
  for (const { path, node } of tree) {
    if (node.type !== 'file' || !path.startsWith(prefix)) continue
    const size = seen.has(node) ? 0 : (stored.get(path) ?? node.content.size)
    seen.add(node)
    files.push({ path: path.slice(prefix.length), size })
  }
  const contentAt = (path: string) => {
    const node = tree.get(`${prefix}${path}`)
    return node?.type === 'file' ? node.content : undefined
  }
  return { files, contentAt }
}

/** Partitions of a disk that is an ISO too, but those that a file of it stands in. */
async function partitionNodes(
  id: string,
  { iso }: Opened,
  sectors: readonly SectorRun[],
  contents: Map<string, ByteSource>,
): Promise<SpaceNode[]> {
  if (!iso?.partitions) return []
  const nodes: SpaceNode[] = []
  for (const { number, offset, content } of (await readPartitions(iso.source))?.partitions ?? []) {
    if (!iso.partitions.has(String(number))) continue
    const lba = Math.floor(offset / SECTOR)
    const run = sectors.find((one) => one.lba <= lba && lba < one.lba + one.sectorCount)
    if (run?.owner.startsWith('file /')) continue
    const node = single(`${id}-partition-${number}`, 'file', String(number), content.size)
    contents.set(node.id, content)
    nodes.push({ ...node, label: PARTITION })
  }
  return nodes
}

function single(id: string, kind: SpaceKind, path: string, size: number): SpaceNode {
  return { id, kind, path, name: path, size, files: kind === 'rest' ? 0 : 1, children: [] }
}

/** The node with what its first bytes tell. */
async function named(
  node: SpaceNode,
  labels: Opened['labels'],
  contentAt: (path: string) => ByteSource | undefined,
  contents: Map<string, ByteSource>,
  notes: Map<string, string>,
): Promise<SpaceNode> {
  const children: SpaceNode[] = []
  for (const child of node.children) children.push(await named(child, labels, contentAt, contents, notes))
  const content = node.kind === 'file' ? contentAt(node.path) : undefined
  const known = content && (await kindOf(node.name, content))
  if (known?.fault !== undefined) notes.set(node.id, known.fault)
  else if (content) contents.set(node.id, content)
  const label = labels?.get(node.path)
  const kind = known?.kind ?? node.kind
  return { ...node, kind, children, ...(label !== undefined && { label }) }
}
