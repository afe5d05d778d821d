import { type ByteSource, concat, slice, u16le, u32le } from '@ros/bytes'
import { DiskError } from './error.ts'
import { biosParameters, fat32Parameters, infoSector } from './fat-boot-sector.ts'
import { fatAttribute, shortEntry } from './fat-directory.ts'
import { DIRECTORY_ENTRY, fatLimits, SECTOR } from './fat-geometry.ts'
import { type FatFinding, fatFinding } from './lint-rules.ts'
import { readBytes } from './read-bytes.ts'
import { type FatVolume, readFatBoot } from './read-fat-boot.ts'
import { hasAttribute, type ReadEntry, readEntries } from './read-fat-directory.ts'

const FIRST = 2
const MAX_CLUSTERS = 2 ** 26
const MAX_DIRECTORY = 65_536 * DIRECTORY_ENTRY
const MAX_DEPTH_PATH = 4096

/**
 * What is wrong with a FAT volume: boot sector, both tables, cluster chains, directories, with FAT32 the free count and the boot sector's copy.
 * Contents of files are not read. Throws `ROS_DISK_CONTENT` when the source cannot be read, `ROS_DISK_LIMIT` above 2²⁶ clusters.
 */
export async function* lintFat(source: ByteSource): AsyncGenerator<FatFinding, void> {
  let volume: FatVolume
  try {
    volume = await readFatBoot(source)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'ROS_DISK_FORMAT') throw error
    const id = error.message.includes('longer than its image') ? 'fat/volume-size' : 'fat/boot-sector'
    yield fatFinding(id, 0, 'boot sector', error.message)
    return
  }
  if (volume.clusterCount > MAX_CLUSTERS) {
    throw new DiskError('ROS_DISK_LIMIT', 'volume has too many clusters to be checked', {
      subject: 'volume',
      got: String(volume.clusterCount),
      limit: String(MAX_CLUSTERS),
    })
  }
  const sector = await readBytes(source, 0, SECTOR, 'boot sector')
  const table = await readTable(source, volume)
  yield* lintTables(source, volume, sector, table)
  const owners = new Map<number, string>()
  yield* lintTree(source, volume, table, owners)
  let [lost, free] = [0, 0]
  for (let cluster = FIRST; cluster < FIRST + volume.clusterCount; cluster++) {
    const entry = table[cluster] ?? 0
    if (entry === 0) free++
    else if (!owners.has(cluster) && entry !== badCluster(volume)) lost++
  }
  if (lost > 0)
    yield fatFinding('fat/lost', volume.fatOffset, 'FAT 1', `${lost} clusters are taken by no file`)
  if (volume.type === 'fat32') yield* lintFat32(source, sector, free)
}

/** All entries of the first table. */
async function readTable(
  source: ByteSource,
  { type, clusterCount, fatOffset }: FatVolume,
): Promise<Uint32Array> {
  const { bits } = fatLimits[type]
  const table = new Uint32Array(clusterCount + FIRST)
  const size = Math.ceil((table.length * bits) / 8)
  const bytes = await readBytes(source, fatOffset, size, 'FAT 1')
  for (let i = 0; i < table.length; i++) {
    if (bits === 32) table[i] = u32le.read(bytes, 4 * i, 'FAT') % 0x1000_0000
    else if (bits === 16) table[i] = u16le.read(bytes, 2 * i, 'FAT')
    else {
      const at = Math.floor((i * 12) / 8)
      const value = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256
      table[i] = i % 2 === 0 ? value % 0x1000 : Math.floor(value / 16)
    }
  }
  return table
}

async function* lintTables(
  source: ByteSource,
  volume: FatVolume,
  sector: Uint8Array,
  table: Uint32Array,
): AsyncGenerator<FatFinding, void> {
  const { fatCount, fatSectors16, bytesPerSector, media } = biosParameters.decode(sector)
  const { fatSectors32, flags } = fat32Parameters.decode(sector, biosParameters.size)
  const wide = volume.type === 'fat32'
  if ((table[0] ?? 0) % 256 !== media) {
    const message = `its first entry ends with ${(table[0] ?? 0) % 256}, the boot sector says ${media}`
    yield fatFinding('fat/media', volume.fatOffset, 'FAT 1', message)
  }
  // With bit 7 of the flags only one of the tables of a FAT32 volume is kept.
  if (wide && hasAttribute(flags, 128)) return
  const size = (fatSectors16 || fatSectors32) * bytesPerSector
  const used = Math.ceil((table.length * fatLimits[volume.type].bits) / 8)
  const first = await readBytes(source, volume.fatOffset, used, 'FAT 1')
  for (let copy = 1; copy < fatCount; copy++) {
    const offset = volume.fatOffset + copy * size
    const other = await readBytes(source, offset, used, `FAT ${copy + 1}`)
    const at = first.findIndex((byte, index) => byte !== other[index])
    if (at >= 0) yield fatFinding('fat/copies', offset + at, `FAT ${copy + 1}`, 'differs from FAT 1')
  }
}

interface Directory {
  readonly path: string
  readonly cluster: number
  readonly parent: number
}

/** Walks all directories; `owners` gets the file of each cluster. */
async function* lintTree(
  source: ByteSource,
  volume: FatVolume,
  table: Uint32Array,
  owners: Map<number, string>,
): AsyncGenerator<FatFinding, void> {
  const root: Directory = { path: '', cluster: volume.rootCluster, parent: 0 }
  const waiting = [root]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const subject = `/${next.path}`
    const fixed = next === root && volume.type !== 'fat32'
    let content = slice(source, volume.rootOffset, fixed ? volume.rootSize : 0)
    if (!fixed) {
      const chain = yield* lintChain(volume, table, owners, subject, next.cluster)
      content = concat(
        chain.map((cluster) => slice(source, clusterOffset(volume, cluster), volume.clusterSize)),
      )
    }
    const bytes = await readBytes(content, 0, Math.min(content.size, MAX_DIRECTORY), subject)
    const at = fixed ? volume.rootOffset : clusterOffset(volume, next.cluster)
    if (next !== root) yield* lintDots(bytes, at, next)
    const entries = yield* entriesOf(bytes, at, subject)
    const seen = new Set<string>()
    for (const entry of entries) {
      if (hasAttribute(entry.attributes, fatAttribute.volumeId)) continue
      const path = next.path === '' ? entry.name : `${next.path}/${entry.name}`
      const name = entry.name.toUpperCase()
      if (seen.has(name)) yield fatFinding('fat/duplicate', at, `/${path}`, 'the name is there twice')
      seen.add(name)
      if (!hasAttribute(entry.attributes, fatAttribute.directory))
        yield* lintFile(volume, table, owners, path, entry)
      else if (owners.has(entry.cluster))
        yield fatFinding(
          'fat/cross-link',
          clusterOffset(volume, entry.cluster),
          `/${path}`,
          `is ${owners.get(entry.cluster)} as well`,
        )
      else if (path.length <= MAX_DEPTH_PATH)
        waiting.push({ path, cluster: entry.cluster, parent: next === root ? 0 : next.cluster })
    }
  }
}

function* entriesOf(bytes: Uint8Array, at: number, subject: string): Generator<FatFinding, ReadEntry[]> {
  try {
    return readEntries(bytes, subject)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'ROS_DISK_NAME') throw error
    yield fatFinding('fat/name', at, subject, error.message)
    return []
  }
}

/** The first two entries of a directory are itself and the one above, which is 0 for the root. */
function* lintDots(
  bytes: Uint8Array,
  at: number,
  { path, cluster, parent }: Directory,
): Generator<FatFinding> {
  for (const [index, name, expected] of [
    [0, '.          ', cluster],
    [1, '..         ', parent],
  ] as const) {
    const offset = index * DIRECTORY_ENTRY
    if (offset + DIRECTORY_ENTRY > bytes.length) return
    const entry = shortEntry.decode(bytes, offset)
    const got = entry.clusterHigh * 0x1_0000 + entry.clusterLow
    if (String.fromCharCode(...entry.name) !== name)
      yield fatFinding('fat/dots', at + offset, `/${path}`, `entry ${index + 1} is not '${name.trimEnd()}'`)
    else if (got !== expected)
      yield fatFinding(
        'fat/dots',
        at + offset,
        `/${path}`,
        `'${name.trimEnd()}' leads to cluster ${got}, not ${expected}`,
      )
  }
}

function* lintFile(
  volume: FatVolume,
  table: Uint32Array,
  owners: Map<number, string>,
  path: string,
  { cluster, size }: ReadEntry,
): Generator<FatFinding> {
  if (size === 0 && cluster === 0) return
  const chain = yield* lintChain(volume, table, owners, `/${path}`, cluster)
  const needed = Math.ceil(size / volume.clusterSize)
  if (chain.length !== needed && chain.length > 0) {
    const message = `${chain.length} clusters for ${size} bytes, which take ${needed}`
    yield fatFinding('fat/length', volume.fatOffset, `/${path}`, message)
  }
}

/** The clusters from `start` on, as far as they can be followed. */
function* lintChain(
  volume: FatVolume,
  table: Uint32Array,
  owners: Map<number, string>,
  subject: string,
  start: number,
): Generator<FatFinding, number[]> {
  const chain: number[] = []
  const end = 2 ** Math.min(fatLimits[volume.type].bits, 28) - 8
  const at = volume.fatOffset
  for (let cluster = start; ; cluster = table[cluster] ?? 0) {
    if (cluster >= end && chain.length > 0) return chain
    if (cluster < FIRST || cluster >= FIRST + volume.clusterCount) {
      yield fatFinding(
        'fat/chain',
        at,
        subject,
        `its chain goes to cluster ${cluster}, which is not there or free`,
      )
      return chain
    }
    const owner = owners.get(cluster)
    if (owner !== undefined) {
      const own = chain.includes(cluster)
      yield fatFinding(
        own ? 'fat/chain' : 'fat/cross-link',
        clusterOffset(volume, cluster),
        subject,
        own ? `its chain comes back to cluster ${cluster}` : `cluster ${cluster} is one of ${owner} as well`,
      )
      return chain
    }
    owners.set(cluster, subject)
    chain.push(cluster)
  }
}

async function* lintFat32(
  source: ByteSource,
  sector: Uint8Array,
  free: number,
): AsyncGenerator<FatFinding, void> {
  const { infoSector: info, backupSector } = fat32Parameters.decode(sector, biosParameters.size)
  const { bytesPerSector } = biosParameters.decode(sector)
  const at = info * bytesPerSector
  const values = infoSector.decode(await readBytes(source, at, SECTOR, 'FSInfo'))
  if (values.leadSignature !== 0x4161_5252 || values.structureSignature !== 0x6141_7272)
    yield fatFinding('fat/fsinfo', at, 'FSInfo', 'has no signature')
  else if (values.freeClusters !== 0xffff_ffff && values.freeClusters !== free)
    yield fatFinding(
      'fat/fsinfo',
      at + infoSector.offsets.freeClusters,
      'FSInfo',
      `${values.freeClusters} clusters are said to be free, ${free} are`,
    )
  if (backupSector === 0) return
  const copy = await readBytes(source, backupSector * bytesPerSector, SECTOR, 'copy of the boot sector')
  if (copy.some((byte, index) => byte !== sector[index]))
    yield fatFinding(
      'fat/backup',
      backupSector * bytesPerSector,
      'copy of the boot sector',
      'differs from the boot sector',
    )
}

function clusterOffset({ clusterOffset: start, clusterSize }: FatVolume, cluster: number): number {
  return start + (cluster - FIRST) * clusterSize
}

function badCluster({ type }: FatVolume): number {
  return 2 ** Math.min(fatLimits[type].bits, 28) - 9
}
