import { type ByteSource, concat, fromBytes, slice } from '@ros/bytes'
import { directory, file, Tree, TreeError } from '@ros/tree'
import { DiskError } from './error.ts'
import { fatAttribute } from './fat-directory.ts'
import { DIRECTORY_ENTRY, type FatType } from './fat-geometry.ts'
import type { Chain } from './fat-table.ts'
import { decodeFatTime } from './fat-time.ts'
import { formatError, readBytes } from './read-bytes.ts'
import { type FatVolume, readFatBoot } from './read-fat-boot.ts'
import { ClusterChains } from './read-fat-chain.ts'
import { hasAttribute, type ReadEntry, readEntries } from './read-fat-directory.ts'

/** A FAT file system, read. */
export interface FatImage {
  readonly type: FatType
  /** Bytes. */
  readonly clusterSize: number
  readonly clusterCount: number
  /** Missing on volumes from before DOS 4. */
  readonly serialNumber?: number
  /** The label's entry in the root directory. */
  readonly label?: string
  /** Contents are slices of the source, read when they are opened. Times are taken as UTC; modes are 0644, 0444, 0755. */
  readonly tree: Tree
}

const MAX_DIRECTORY = 65_536 * DIRECTORY_ENTRY
const MAX_PATH = 4096

/**
 * Reads a FAT12, FAT16 or FAT32 volume; contents stay where they are. Throws `DiskError` only: `ROS_DISK_FORMAT` for what is no such
 * volume or breaks its rules, `ROS_DISK_NAME` for an entry that is no file name, `ROS_DISK_LIMIT` for chains that cross or never end
 * and paths that do, `ROS_DISK_CONTENT` when the source cannot be read.
 */
export async function readFat(source: ByteSource): Promise<FatImage> {
  const volume = await readFatBoot(source)
  const chains = new ClusterChains(source, volume)
  const tree = new Tree()
  let label: string | undefined
  const waiting = [{ path: '', bytes: await rootBytes(source, volume, chains) }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const entry of readEntries(next.bytes, `/${next.path}`)) {
      if (hasAttribute(entry.attributes, fatAttribute.volumeId)) {
        if (next.path === '') label ??= entry.name
        continue
      }
      const path = join(next.path, entry.name)
      const subject = `/${path}`
      const mtime = decodeFatTime(entry.writtenDate, entry.writtenTime)
      if (hasAttribute(entry.attributes, fatAttribute.directory)) {
        add(tree, path, directory({ mtime }))
        const runs = await chains.follow(subject, entry.cluster)
        waiting.push({ path, bytes: await directoryBytes(source, volume, runs, subject) })
      } else {
        const mode = hasAttribute(entry.attributes, fatAttribute.readOnly) ? 0o444 : 0o644
        add(tree, path, file(await contentOf(source, volume, chains, entry, subject), { mode, mtime }))
      }
    }
  }
  const { type, clusterSize, clusterCount, serialNumber } = volume
  return {
    type,
    clusterSize,
    clusterCount,
    tree,
    ...(serialNumber !== undefined && { serialNumber }),
    ...(label !== undefined && { label }),
  }
}

async function rootBytes(source: ByteSource, volume: FatVolume, chains: ClusterChains): Promise<Uint8Array> {
  if (volume.type !== 'fat32') return readBytes(source, volume.rootOffset, volume.rootSize, '/')
  return directoryBytes(source, volume, await chains.follow('/', volume.rootCluster), '/')
}

async function directoryBytes(
  source: ByteSource,
  volume: FatVolume,
  runs: readonly Chain[],
  subject: string,
): Promise<Uint8Array> {
  const content = concat(slices(source, volume, runs, subject))
  // Some writers leave a directory longer clusters than it can fill: only what may hold entries is looked at.
  return readBytes(content, 0, Math.min(content.size, MAX_DIRECTORY), subject)
}

async function contentOf(
  source: ByteSource,
  volume: FatVolume,
  chains: ClusterChains,
  { cluster, size }: ReadEntry,
  subject: string,
): Promise<ByteSource> {
  if (size === 0) return fromBytes(new Uint8Array())
  const runs = await chains.follow(subject, cluster, Math.ceil(size / volume.clusterSize))
  const parts = slices(source, volume, runs, subject)
  const [only] = parts
  return slice(parts.length === 1 && only ? only : concat(parts), 0, size)
}

function slices(
  source: ByteSource,
  volume: FatVolume,
  runs: readonly Chain[],
  subject: string,
): ByteSource[] {
  return runs.map(({ start, count }) => {
    const offset = volume.clusterOffset + (start - 2) * volume.clusterSize
    const size = count * volume.clusterSize
    if (offset + size > source.size) throw formatError(subject, 'lies outside the image', `cluster ${start}`)
    return slice(source, offset, size)
  })
}

function join(path: string, name: string): string {
  const below = path === '' ? name : `${path}/${name}`
  if (below.length <= MAX_PATH) return below
  throw new DiskError('ROS_DISK_LIMIT', 'path is too long', {
    subject: `/${path.slice(0, 80)}…`,
    got: `${below.length} characters`,
    limit: `${MAX_PATH}, PATH_MAX`,
  })
}

function add(tree: Tree, path: string, node: Parameters<Tree['add']>[1]): void {
  try {
    tree.add(path, node)
  } catch (cause) {
    if (!(cause instanceof TreeError)) throw cause
    throw new DiskError('ROS_DISK_FORMAT', `not a file tree: ${cause.message}`, {
      subject: `/${path}`,
      cause,
    })
  }
}
