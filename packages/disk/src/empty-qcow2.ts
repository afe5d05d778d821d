// Clusters of an empty image, in this order:
//
//   0  header, and zeros that end its list of extensions
//   1  refcount table: where each refcount block is
//   …  refcount blocks: one 16-bit count for every cluster of the file
//   …  level 1 table: all zero, so nothing is allocated and the whole disk reads as zeros

import { raw, record, u16be, u32be, u64be } from '@ros/bytes'
import { DiskError } from './error.ts'

export interface EmptyQcow2Options {
  /** Virtual size in bytes, a multiple of 512. What the guest writes is allocated as it comes. */
  readonly size: number
  /** Cluster size as a power of two: 9 … 21. Default 16, so 64 KiB. */
  readonly clusterBits?: number
}

/** Header of version 3 (QEMU, docs/interop/qcow2.txt, "Header"). */
const qcow2Header = record(
  'qcow2 header',
  [
    ['magic', u32be], // QFI\xfb
    ['version', u32be],
    ['backingFileOffset', u64be],
    ['backingFileSize', u32be],
    ['clusterBits', u32be],
    ['size', u64be],
    ['cryptMethod', u32be],
    ['level1Size', u32be], // entries
    ['level1TableOffset', u64be],
    ['refcountTableOffset', u64be],
    ['refcountTableClusters', u32be],
    ['snapshotCount', u32be],
    ['snapshotsOffset', u64be],
    ['incompatibleFeatures', raw(8)],
    ['compatibleFeatures', raw(8)],
    ['autoclearFeatures', raw(8)],
    ['refcountOrder', u32be], // counts have 2 to this power bits
    ['headerLength', u32be],
  ],
  104,
)

const SECTOR = 512
const ENTRY = u64be.size
const COUNT = u16be.size
// QEMU opens no image with a longer level 1 table (block/qcow2.h, QCOW_MAX_L1_SIZE).
const MAX_LEVEL1 = 32 * 1024 * 1024

/**
 * An empty, sparse qcow2 image, version 3, of a few clusters. The same options give the same bytes. Throws
 * `ROS_DISK_FIELD` at once for a size that is no positive multiple of 512 or needs more than 32 MiB of level 1 table,
 * and for cluster bits outside 9 … 21.
 */
export function writeEmptyQcow2(options: EmptyQcow2Options): AsyncIterable<Uint8Array> {
  return clusters(planClusters(options))
}

interface Plan {
  readonly size: number
  readonly clusterBits: number
  readonly clusterSize: number
  readonly level1Size: number
  readonly tableClusters: number
  readonly blocks: number
  readonly level1Clusters: number
}

function planClusters({ size, clusterBits = 16 }: EmptyQcow2Options): Plan {
  check('clusterBits', clusterBits, 9, 21)
  const clusterSize = 2 ** clusterBits
  const perLevel2 = clusterSize / ENTRY
  check('size', size, SECTOR, (MAX_LEVEL1 / ENTRY) * perLevel2 * clusterSize)
  if (size % SECTOR !== 0) throw fieldError('size', size, `a multiple of ${SECTOR}`)
  const level1Size = Math.ceil(size / (perLevel2 * clusterSize))
  const level1Clusters = Math.ceil((level1Size * ENTRY) / clusterSize)
  // Table and blocks count themselves too, so their number is found step by step.
  let tableClusters = 1
  let blocks = 1
  for (;;) {
    const total = 1 + tableClusters + blocks + level1Clusters
    const needed = Math.ceil(total / (clusterSize / COUNT))
    const table = Math.ceil((needed * ENTRY) / clusterSize)
    if (needed <= blocks && table <= tableClusters) break
    blocks = Math.max(needed, blocks)
    tableClusters = Math.max(table, tableClusters)
  }
  return { size, clusterBits, clusterSize, level1Size, tableClusters, blocks, level1Clusters }
}

async function* clusters(plan: Plan): AsyncGenerator<Uint8Array, void> {
  const { clusterSize, tableClusters, blocks, level1Clusters } = plan
  const firstBlock = 1 + tableClusters
  const firstLevel1 = firstBlock + blocks
  const total = firstLevel1 + level1Clusters

  const header = new Uint8Array(clusterSize)
  header.set(encodeHeader(plan, firstLevel1 * clusterSize))
  yield header

  const table = new Uint8Array(tableClusters * clusterSize)
  for (let i = 0; i < blocks; i++)
    u64be.write(table, ENTRY * i, (firstBlock + i) * clusterSize, `refcount table, entry ${i}`)
  yield table

  const counts = new Uint8Array(blocks * clusterSize)
  for (let cluster = 0; cluster < total; cluster++)
    u16be.write(counts, COUNT * cluster, 1, `refcount of cluster ${cluster}`)
  yield counts

  yield new Uint8Array(level1Clusters * clusterSize)
}

function encodeHeader(plan: Plan, level1TableOffset: number): Uint8Array {
  return qcow2Header.encode({
    magic: 0x5146_49fb,
    version: 3,
    backingFileOffset: 0,
    backingFileSize: 0,
    clusterBits: plan.clusterBits,
    size: plan.size,
    cryptMethod: 0,
    level1Size: plan.level1Size,
    level1TableOffset,
    refcountTableOffset: plan.clusterSize,
    refcountTableClusters: plan.tableClusters,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatibleFeatures: new Uint8Array(8),
    compatibleFeatures: new Uint8Array(8),
    autoclearFeatures: new Uint8Array(8),
    refcountOrder: 4,
    headerLength: qcow2Header.size,
  })
}

function check(subject: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw fieldError(subject, value, `${min} … ${max}`)
}

function fieldError(subject: string, value: number, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'qcow2 image cannot have this', {
    subject,
    got: String(value),
    limit,
  })
}
