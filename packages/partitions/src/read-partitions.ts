import { type ByteSource, slice } from '@ros/bytes'
import { DISK_SECTOR, mbrType } from './mbr.ts'
import { readGptCopies } from './read-gpt.ts'
import { isExtended, readMbr } from './read-mbr.ts'

/** A partition of either kind of table. */
export interface Partition {
  /** As systems number them, from 1. */
  readonly number: number
  /** Type in the table: two hexadecimal digits in an MBR, a GUID in a GPT. */
  readonly type: string
  /** Bytes from the start of the disk, and how many. */
  readonly offset: number
  readonly size: number
  readonly active?: boolean
  readonly guid?: string
  readonly name?: string
  readonly attributes?: readonly number[]
  /** The part of it that is on the disk. */
  readonly content: ByteSource
}

/** A table of either kind. */
export interface PartitionTable {
  readonly type: 'gpt' | 'mbr'
  /** Disk signature in the MBR, or the GPT's GUID. */
  readonly diskId: string
  /** Which copy of a GPT was good. */
  readonly copy?: 'primary' | 'backup'
  readonly partitions: readonly Partition[]
}

/**
 * The partitions of a disk: those of its GPT where one of the copies is sound, else those of its MBR, logical ones with them. Undefined
 * where there is no table or no partition in it. Throws `ROS_PARTITIONS_CONTENT` only.
 */
export async function readPartitions(disk: ByteSource): Promise<PartitionTable | undefined> {
  const mbr = await readMbr(disk)
  const { primary, backup } = await readGptCopies(disk)
  const gpt = [primary, backup].find((copy) => copy?.faults.length === 0)
  // A real MBR beside a GPT is a hybrid: which one counts is the MBR's protective entry to say.
  if (gpt && (!mbr || mbr.entries.some(({ type }) => type === mbrType.protective))) {
    return {
      type: 'gpt',
      diskId: gpt.diskGuid,
      copy: gpt === primary ? 'primary' : 'backup',
      partitions: gpt.partitions.map(({ number, type, guid, name, start, count, attributes }) => ({
        number,
        type,
        guid,
        name,
        attributes,
        ...placed(disk, start, count),
      })),
    }
  }
  if (!mbr || mbr.entries.length === 0) return undefined
  return {
    type: 'mbr',
    diskId: mbr.diskId.toString(16).padStart(8, '0'),
    partitions: mbr.entries
      .filter(({ type }) => !isExtended(type))
      .map(({ number, type, active, start, count }) => ({
        number,
        type: type.toString(16).padStart(2, '0'),
        active,
        ...placed(disk, start, count),
      })),
  }
}

function placed(disk: ByteSource, start: number, count: number) {
  const offset = Math.min(start * DISK_SECTOR, Number.MAX_SAFE_INTEGER)
  const size = Math.max(0, Math.min(count * DISK_SECTOR, Number.MAX_SAFE_INTEGER))
  const from = Math.min(offset, disk.size)
  return { offset, size, content: slice(disk, from, Math.max(0, Math.min(size, disk.size - from))) }
}
