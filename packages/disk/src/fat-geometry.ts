import { DiskError } from './error.ts'
import type { FatOptions } from './fat-options.ts'

/** Width of the entries of a file allocation table. */
export type FatType = 'fat12' | 'fat16' | 'fat32'

/** Where the parts of a volume are; everything of the boot sector that depends on its size. */
export interface FatGeometry {
  readonly type: FatType
  /** Bytes. */
  readonly clusterSize: number
  readonly clusterCount: number
  /** Sectors before the first table. */
  readonly reservedSectors: number
  /** Sectors of one of the two tables. */
  readonly fatSectors: number
  /** Entries of the root directory's own region; 0 with FAT32, where it is a chain of clusters. */
  readonly rootEntries: number
  readonly sectorCount: number
}

/** What a tree needs, as a function of the cluster size. */
export interface FatDemand {
  /** Clusters of files and directories; the root is counted only where it has clusters. */
  clusters(clusterSize: number, withRoot: boolean): number
  /** Directory entries in the root. */
  readonly rootEntries: number
  /** Sum of the contents, which the usual cluster size follows. */
  readonly size: number
}

export const SECTOR = 512
export const DIRECTORY_ENTRY = 32
const CLUSTER_SIZES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768] as const
const MIB = 1024 ** 2

/** The number of clusters alone tells the types apart (Microsoft FAT specification 1.03, "FAT Type Determination"). */
export const fatLimits: Readonly<Record<FatType, { min: number; max: number; bits: number }>> = {
  fat12: { min: 1, max: 4084, bits: 12 },
  fat16: { min: 4085, max: 65_524, bits: 16 },
  // Entries have 28 bits, of which the values from 0x0FFFFFF7 are taken; clusters are counted from 2.
  fat32: { min: 65_525, max: 0x0fff_fff5, bits: 32 },
}
const TYPES: readonly FatType[] = ['fat12', 'fat16', 'fat32']

/** Some drivers count clusters slightly wrong: the specification wants 16 clusters between a volume and a limit. */
const MARGIN = 16

export function fatType(clusterCount: number): FatType {
  return TYPES.find((type) => clusterCount <= fatLimits[type].max) ?? 'fat32'
}

/**
 * Chooses type and cluster size, then counts sectors: as few as hold the tree, or as `options.size` says. Throws
 * `ROS_DISK_SPACE` when the tree is too large for the size, `ROS_DISK_FIELD` when no volume of that size, type and cluster
 * size exists.
 */
export function planGeometry(demand: FatDemand, options: FatOptions): FatGeometry {
  const types = options.type ? [options.type] : TYPES
  let short: FatGeometry | undefined
  for (const clusterSize of clusterSizes(demand, options)) {
    for (const type of types) {
      const need = demand.clusters(clusterSize, type === 'fat32')
      const found =
        options.size === undefined
          ? fitted(type, clusterSize, need, demand.rootEntries)
          : sized(type, clusterSize, options.size / SECTOR, demand.rootEntries)
      if (found && found.clusterCount >= need) return found
      short ??= found
    }
  }
  if (!short) {
    throw new DiskError('ROS_DISK_FIELD', 'no FAT volume has this type, size and cluster size', {
      subject: options.type ?? 'FAT volume',
      got: `${options.size ?? demand.size} bytes, clusters of ${options.clusterSize ?? 'any number of'} bytes`,
      limit: 'FAT12 to 4084 clusters, FAT16 to 65524, FAT32 from 65525',
      hint: 'leave type or clusterSize out',
    })
  }
  const { clusterSize, clusterCount } = short
  throw new DiskError('ROS_DISK_SPACE', 'the tree does not fit', {
    subject: 'FAT volume',
    got: `${demand.clusters(clusterSize, short.type === 'fat32')} clusters of ${clusterSize} bytes`,
    limit: `${clusterCount} clusters in ${options.size} bytes`,
    hint: 'give a larger size, or none to have it measured',
  })
}

/** The one given; else the usual one for the size, then larger ones, then smaller ones. */
function clusterSizes(demand: FatDemand, options: FatOptions): readonly number[] {
  if (options.clusterSize !== undefined) return [options.clusterSize]
  const usual = usualClusterSize(options.size ?? demand.size, options.type)
  const smaller = CLUSTER_SIZES.filter((size) => size < usual).toReversed()
  return [usual, ...CLUSTER_SIZES.filter((size) => size > usual), ...smaller]
}

/** The specification's tables DskTableFAT16 and DskTableFAT32; FAT12 for what is smaller. */
function usualClusterSize(size: number, type: FatType | undefined): number {
  const choose = (...steps: readonly (readonly [number, number])[]) =>
    steps.find(([max]) => size <= max)?.[1] ?? 32_768
  if (type === 'fat32' || (!type && size > 512 * MIB))
    return choose([260 * MIB, 512], [8192 * MIB, 4096], [16_384 * MIB, 8192], [32_768 * MIB, 16_384])
  return choose(
    [2 * MIB, 512],
    [16 * MIB, 1024],
    [128 * MIB, 2048],
    [256 * MIB, 4096],
    [512 * MIB, 8192],
    [1024 * MIB, 16_384],
  )
}

/** The smallest volume of a type with `need` clusters, a margin away from the types' limits. */
function fitted(type: FatType, clusterSize: number, need: number, entries: number): FatGeometry | undefined {
  const { min, max } = fatLimits[type]
  const clusterCount = Math.max(need, type === 'fat12' ? min : min + MARGIN)
  if (clusterCount > (type === 'fat32' ? max : max - MARGIN)) return undefined
  const { reservedSectors, rootEntries, rootSectors } = fixedParts(type, entries)
  const fatSectors = sectorsOfFat(type, clusterCount)
  const clusters = (clusterCount * clusterSize) / SECTOR
  const sectorCount = reservedSectors + 2 * fatSectors + rootSectors + clusters
  if (sectorCount > 0xffff_ffff) return undefined
  return { type, clusterSize, clusterCount, reservedSectors, fatSectors, rootEntries, sectorCount }
}

/** The volume of a type in `sectorCount` sectors, if there is one. */
function sized(
  type: FatType,
  clusterSize: number,
  sectorCount: number,
  entries: number,
): FatGeometry | undefined {
  const { reservedSectors, rootEntries, rootSectors } = fixedParts(type, entries)
  const rest = sectorCount - reservedSectors - rootSectors
  const clustersWith = (fatSectors: number) => Math.floor(((rest - 2 * fatSectors) * SECTOR) / clusterSize)
  // A longer table leaves fewer clusters to describe: the shortest that is long enough is found by halving.
  let low = 1
  let high = sectorsOfFat(type, Math.max(clustersWith(0), 1))
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (sectorsOfFat(type, clustersWith(middle)) <= middle) high = middle
    else low = middle + 1
  }
  const clusterCount = clustersWith(low)
  const { min, max } = fatLimits[type]
  if (clusterCount < min || clusterCount > max) return undefined
  return { type, clusterSize, clusterCount, reservedSectors, fatSectors: low, rootEntries, sectorCount }
}

function fixedParts(type: FatType, entries: number) {
  // FAT32 keeps a copy of the boot sector and of the free space count in its reserved sectors.
  if (type === 'fat32') return { reservedSectors: 32, rootEntries: 0, rootSectors: 0 }
  const perSector = SECTOR / DIRECTORY_ENTRY
  const rootSectors = Math.ceil(Math.max(entries, 512) / perSector)
  return { reservedSectors: 1, rootEntries: rootSectors * perSector, rootSectors }
}

function sectorsOfFat(type: FatType, clusterCount: number): number {
  return Math.ceil(((clusterCount + 2) * fatLimits[type].bits) / 8 / SECTOR)
}
