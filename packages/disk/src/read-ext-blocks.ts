import { u16le, u32le } from '@ros/bytes'
import { DiskError } from './error.ts'
import { extentHeader, extentIndex, extentLeaf } from './ext-records.ts'
import { formatError } from './read-bytes.ts'
import type { ExtVolume } from './read-ext-super.ts'

/** Blocks of a file that stand together, in the file's order; what no run covers is zeros. */
export interface BlockRun {
  /** First block in the file, first on the disk, and how many. */
  readonly logical: number
  readonly physical: number
  readonly count: number
}

const EXTENT_MAGIC = 0xf30a
const MAX_DEPTH = 5
/** An extent of more blocks than this was never written to, and is as much shorter. */
const UNWRITTEN = 32_768

/** Counts what is read of maps and directories: together not more than the volume can hold. */
export class Allowance {
  #left: number

  constructor(left: number) {
    this.#left = left
  }

  take(count: number, subject: string): void {
    this.#left -= count
    if (this.#left >= 0) return
    throw new DiskError('ROS_DISK_LIMIT', 'block maps cross or never end', {
      subject,
      limit: 'more than there are blocks',
    })
  }
}

/** The runs of an extent tree, whose root is in the inode (ifork.rst). */
export async function extentRuns(
  volume: ExtVolume,
  root: Uint8Array,
  subject: string,
  allowance: Allowance,
): Promise<BlockRun[]> {
  const runs: BlockRun[] = []
  const visit = async (node: Uint8Array, depth: number): Promise<void> => {
    const header = extentHeader.decode(node)
    const wrong =
      header.magic !== EXTENT_MAGIC ||
      header.depth !== depth ||
      extentHeader.size + header.entries * extentLeaf.size > node.length
    if (wrong)
      throw formatError(subject, 'extent tree is damaged', `depth ${header.depth}, ${header.entries} entries`)
    for (let i = 0; i < header.entries; i++) {
      const offset = extentHeader.size + i * extentLeaf.size
      allowance.take(1, subject)
      if (depth > 0) {
        const { leafLow, leafHigh } = extentIndex.decode(node, offset)
        await visit(await blockBytes(volume, leafHigh * 2 ** 32 + leafLow, subject), depth - 1)
        continue
      }
      const { block, length, startHigh, startLow } = extentLeaf.decode(node, offset)
      if (length > UNWRITTEN) continue
      addRun(
        volume,
        runs,
        { logical: block, physical: startHigh * 2 ** 32 + startLow, count: length },
        subject,
      )
    }
  }
  const { depth } = extentHeader.decode(root)
  if (depth > MAX_DEPTH) throw formatError(subject, 'extent tree is damaged', `depth ${depth}`)
  await visit(root, depth)
  return runs
}

const DIRECT = 12

/** The runs of ext2's block map: twelve blocks, then tables of one, two and three steps (ifork.rst, "Direct/Indirect"). */
export async function mappedRuns(
  volume: ExtVolume,
  root: Uint8Array,
  blockCount: number,
  subject: string,
  allowance: Allowance,
): Promise<BlockRun[]> {
  const runs: BlockRun[] = []
  const perBlock = volume.blockSize / 4
  let logical = 0
  const add = (physical: number) => {
    if (physical !== 0) addRun(volume, runs, { logical, physical, count: 1 }, subject)
    logical++
  }
  const table = async (block: number, steps: number): Promise<void> => {
    if (logical >= blockCount) return
    if (block === 0) {
      logical += perBlock ** steps
      return
    }
    allowance.take(perBlock / 16, subject)
    const bytes = await blockBytes(volume, block, subject)
    for (let i = 0; i < perBlock && logical < blockCount; i++) {
      const entry = u32le.read(bytes, 4 * i, subject)
      if (steps === 1) add(entry)
      else await table(entry, steps - 1)
    }
  }
  for (let i = 0; i < DIRECT && logical < blockCount; i++) add(u32le.read(root, 4 * i, subject))
  for (const steps of [1, 2, 3]) await table(u32le.read(root, 4 * (DIRECT + steps - 1), subject), steps)
  return runs
}

/** A whole block, as a copy's window. */
export async function blockBytes(volume: ExtVolume, block: number, subject: string): Promise<Uint8Array> {
  if (block >= volume.blockCount) throw formatError(subject, 'lies outside the volume', `block ${block}`)
  return volume.cache.bytes(block * volume.blockSize, volume.blockSize, subject)
}

function addRun(volume: ExtVolume, runs: BlockRun[], run: BlockRun, subject: string): void {
  const { logical, physical, count } = run
  if (physical + count > volume.blockCount)
    throw formatError(subject, 'lies outside the volume', `block ${physical}`)
  const last = runs.at(-1)
  if (last && logical < last.logical + last.count)
    throw formatError(subject, 'blocks of a file are not in order')
  if (last && last.logical + last.count === logical && last.physical + last.count === physical)
    runs[runs.length - 1] = { ...last, count: last.count + count }
  else if (count > 0) runs.push(run)
}

/** Name and inode of each entry of a block of a directory; what index nodes hold looks like one unused entry (directory.rst). */
export function* directoryEntries(
  block: Uint8Array,
  subject: string,
): Generator<{ name: Uint8Array; inode: number }> {
  for (let position = 0; position + 8 <= block.length; ) {
    const inode = u32le.read(block, position, subject)
    const stored = u16le.read(block, position + 4, subject)
    // A length of 65535 or 0 stands for a whole block of 64 KiB.
    const length = stored === 0xffff || stored === 0 ? block.length - position : stored
    const nameLength = block[position + 6] ?? 0
    if (length < 8 || position + length > block.length || 8 + nameLength > length)
      throw formatError(subject, 'directory entry has a wrong length', String(stored))
    if (inode !== 0) yield { inode, name: block.slice(position + 8, position + 8 + nameLength) }
    position += length
  }
}
