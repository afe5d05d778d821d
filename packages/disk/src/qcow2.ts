// Clusters of an image, in this order:
//
//   0  header, and zeros that end its list of extensions
//   1  refcount table: where each refcount block is
//   …  refcount blocks: one 16-bit count for every cluster of the file
//   …  level 1 table: where each level 2 table is, 0 for a stretch of the disk that is all zeros
//   …  level 2 tables: where each cluster of the disk is, 0 for one that is all zeros
//   …  clusters of the disk that are not all zeros, in their order

import { type ByteSource, u16be, u32be, u64be } from '@ros/bytes'
import { DiskError } from './error.ts'
import { encodeQcow2Header } from './qcow2-header.ts'
import { dataPieces, pieces } from './sparse.ts'

/** How a qcow2 image is divided. */
export interface Qcow2Options {
  /** Cluster size as a power of two: 9 … 21. Default 16, so 64 KiB. */
  readonly clusterBits?: number
}

/** Size of an empty image, and its clusters. */
export interface EmptyQcow2Options extends Qcow2Options {
  /** Virtual size in bytes, a multiple of 512. What the guest writes is allocated as it comes. */
  readonly size: number
}

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
  checkOptions(options)
  return tables(planClusters(options, []))
}

/**
 * A disk as a qcow2 image, version 3, sparse: clusters of zeros take no room. The disk is read twice, first to see what it holds.
 * Throws as `writeEmptyQcow2` does, for the disk's size.
 *
 * Source: QEMU, docs/interop/qcow2.rst.
 */
export function writeQcow2(disk: ByteSource, options: Qcow2Options = {}): AsyncIterable<Uint8Array> {
  checkOptions({ ...options, size: disk.size })
  return withContent(disk, options)
}

async function* withContent(disk: ByteSource, options: Qcow2Options): AsyncGenerator<Uint8Array, void> {
  const { clusterBits = 16 } = options
  const clusterSize = 2 ** clusterBits
  const plan = planClusters({ size: disk.size, clusterBits }, await dataPieces(disk, clusterSize))
  yield* tables(plan)
  for await (const { bytes, zero } of pieces(disk, clusterSize)) {
    if (zero) continue
    const cluster = new Uint8Array(clusterSize)
    cluster.set(bytes)
    yield cluster
  }
}

interface Plan {
  readonly size: number
  readonly clusterBits: number
  readonly clusterSize: number
  readonly level1Size: number
  readonly tableClusters: number
  readonly blocks: number
  readonly level1Clusters: number
  /** Clusters of the disk that are in the file, ascending. */
  readonly data: readonly number[]
  /** Indexes of the level 1 table that have a level 2 table, ascending. */
  readonly level2: readonly number[]
}

function planClusters({ size, clusterBits = 16 }: EmptyQcow2Options, data: readonly number[]): Plan {
  const clusterSize = 2 ** clusterBits
  const perLevel2 = clusterSize / ENTRY
  const level1Size = Math.ceil(size / (perLevel2 * clusterSize))
  const level1Clusters = Math.ceil((level1Size * ENTRY) / clusterSize)
  const level2 = [...new Set(data.map((cluster) => Math.floor(cluster / perLevel2)))]
  // Table and blocks count themselves too, so their number is found step by step.
  let tableClusters = 1
  let blocks = 1
  for (;;) {
    const total = 1 + tableClusters + blocks + level1Clusters + level2.length + data.length
    const needed = Math.ceil(total / (clusterSize / COUNT))
    const table = Math.ceil((needed * ENTRY) / clusterSize)
    if (needed <= blocks && table <= tableClusters) break
    blocks = Math.max(needed, blocks)
    tableClusters = Math.max(table, tableClusters)
  }
  return { size, clusterBits, clusterSize, level1Size, tableClusters, blocks, level1Clusters, data, level2 }
}

/** Everything before the clusters of the disk. */
async function* tables(plan: Plan): AsyncGenerator<Uint8Array, void> {
  const { clusterSize, tableClusters, blocks, level1Clusters, data, level2 } = plan
  const firstBlock = 1 + tableClusters
  const firstLevel1 = firstBlock + blocks
  const firstLevel2 = firstLevel1 + level1Clusters
  const firstData = firstLevel2 + level2.length

  const header = new Uint8Array(clusterSize)
  header.set(
    encodeQcow2Header({
      size: plan.size,
      clusterBits: plan.clusterBits,
      level1Size: plan.level1Size,
      level1TableOffset: firstLevel1 * clusterSize,
      refcountTableOffset: clusterSize,
      refcountTableClusters: tableClusters,
    }),
  )
  yield header

  const table = new Uint8Array(tableClusters * clusterSize)
  for (let i = 0; i < blocks; i++)
    u64be.write(table, ENTRY * i, (firstBlock + i) * clusterSize, `refcount table, entry ${i}`)
  yield table

  const counts = new Uint8Array(blocks * clusterSize)
  for (let cluster = 0; cluster < firstData + data.length; cluster++)
    u16be.write(counts, COUNT * cluster, 1, `refcount of cluster ${cluster}`)
  yield counts

  const level1 = new Uint8Array(level1Clusters * clusterSize)
  level2.forEach((index, number) => {
    writePointer(level1, index, (firstLevel2 + number) * clusterSize)
  })
  yield level1

  const perLevel2 = clusterSize / ENTRY
  let next = 0
  for (const index of level2) {
    const entries = new Uint8Array(clusterSize)
    for (; next < data.length; next++) {
      const cluster = (data[next] ?? 0) - index * perLevel2
      if (cluster >= perLevel2) break
      writePointer(entries, cluster, (firstData + next) * clusterSize)
    }
    yield entries
  }
}

/** An offset with the topmost bit set: nothing else refers to that cluster ("Standard Cluster Descriptor"). */
function writePointer(entries: Uint8Array, index: number, offset: number): void {
  u32be.write(entries, ENTRY * index, 2 ** 31 + Math.floor(offset / 2 ** 32), 'qcow2 table entry')
  u32be.write(entries, ENTRY * index + 4, offset % 2 ** 32, 'qcow2 table entry')
}

function checkOptions({ size, clusterBits = 16 }: EmptyQcow2Options): void {
  check('clusterBits', clusterBits, 9, 21)
  const clusterSize = 2 ** clusterBits
  check('size', size, SECTOR, (MAX_LEVEL1 / ENTRY) * (clusterSize / ENTRY) * clusterSize)
  if (size % SECTOR !== 0) throw fieldError('size', size, `a multiple of ${SECTOR}`)
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
