// Parts of a disk with a GUID partition table, in sectors of 512 bytes:
//
//   0         protective MBR, with boot code where there is some
//   1         GPT header
//   2 … 33    its 128 entries
//   …         partitions, each at a multiple of the alignment, in the order given
//   … -34     free space up to here
//   -33 … -2  the entries again
//   -1        the backup header

import { type ByteSource, concat, fromBytes, zeros } from '@ros/bytes'
import {
  DISK_SECTOR,
  encodeGpt,
  encodeMbrEntries,
  GPT_SIZE,
  type GptPartition,
  masterBootRecord,
  protectivePartition,
} from '@ros/partitions'
import { checkedContent } from './checked-content.ts'
import { DiskError } from './error.ts'

/** A partition of a disk that is to be laid out. */
export interface PartitionOptions {
  /** A GUID: `gptType` has the usual ones. */
  readonly type: string
  readonly guid: string
  /** At most 36 UTF-16 units. */
  readonly name: string
  /** Bytes, a multiple of 512; default: the length of the content. `rest`: all that is left, for the last one only. */
  readonly size?: number | 'rest'
  /** What the partition holds from its first byte on; behind it are zeros. Default: nothing. */
  readonly content?: ByteSource
  /** Numbers of the bits that are set: `gptAttribute` of @ros/partitions. */
  readonly attributes?: readonly number[]
}

/** What varies between disks. Nothing is taken from the running system. */
export interface DiskOptions {
  /** Length of the disk in bytes, a multiple of 512. */
  readonly size: number
  readonly diskGuid: string
  readonly partitions: readonly PartitionOptions[]
  /** At most 440 bytes that the BIOS starts. Default: none. */
  readonly bootCode?: Uint8Array
  /** Partitions begin at multiples of this many bytes. Default 1 MiB. */
  readonly alignment?: number
}

/** A run of bytes and what owns it. */
export interface DiskArea {
  readonly owner: string
  readonly offset: number
  readonly size: number
  readonly content: ByteSource
}

/** A disk with a place for every byte. */
export interface DiskLayout {
  readonly size: number
  readonly partitions: readonly GptPartition[]
  /** Back to back from byte 0 to the end. */
  readonly areas: readonly DiskArea[]
  /** The whole disk, re-openable: what `writeQcow2` and the others put into their containers. */
  readonly content: ByteSource
}

const MIB = 1_048_576
const GPT_SECTORS = GPT_SIZE / DISK_SECTOR
const MAX_BOOT_CODE = 440

/**
 * Places partitions on a disk with a GUID partition table; no content is read. The same options give the same bytes. Throws `DiskError`:
 * `ROS_DISK_FIELD` for a size that cannot be, `ROS_DISK_SPACE` when the partitions do not fit; and
 * `ROS_PARTITIONS_FIELD` for a name or GUID that the table cannot hold.
 *
 * Standard: UEFI 2.10, chapter 5.
 */
export function layoutDisk(options: DiskOptions): DiskLayout {
  const { size, alignment = MIB } = options
  const unit = (value: number) => Number.isSafeInteger(value) && value > 0 && value % DISK_SECTOR === 0
  if (!unit(size)) throw fieldError('size', String(size), `a multiple of ${DISK_SECTOR}`)
  if (!unit(alignment)) throw fieldError('alignment', String(alignment), `a multiple of ${DISK_SECTOR}`)
  const sectorCount = size / DISK_SECTOR
  const end = sectorCount - GPT_SECTORS
  const partitions: GptPartition[] = []
  const placed: { area: string; content: ByteSource; sector: number; count: number }[] = []
  let next = 1 + GPT_SECTORS
  options.partitions.forEach((partition, index) => {
    const subject = `partition ${index + 1}, ${partition.name}`
    const firstSector = Math.ceil((next * DISK_SECTOR) / alignment) * (alignment / DISK_SECTOR)
    const length = lengthOf(partition, subject, firstSector, end, index === options.partitions.length - 1)
    const content = partition.content ?? zeros(0)
    if (content.size > length) throw spaceError(subject, content.size, length)
    const sectors = length / DISK_SECTOR
    if (sectors < 1 || firstSector + sectors > end)
      throw spaceError(subject, (firstSector + Math.max(sectors, 1) + GPT_SECTORS) * DISK_SECTOR, size)
    const { type, guid, name, attributes = [] } = partition
    partitions.push({ type, guid, name, attributes, start: firstSector, count: sectors })
    placed.push({ area: subject, content, sector: firstSector, count: sectors })
    next = firstSector + sectors
  })
  if (end < next) throw spaceError('partition tables', (next + GPT_SECTORS) * DISK_SECTOR, size)

  const { primary, backup } = encodeGpt(options.diskGuid, partitions, sectorCount)
  const areas: DiskArea[] = []
  let offset = 0
  const place = (owner: string, content: ByteSource) => {
    if (content.size > 0) areas.push({ owner, offset, size: content.size, content })
    offset += content.size
  }
  const free = (until: number) => place('free space', zeros(until * DISK_SECTOR - offset))
  place('protective MBR', fromBytes(protectiveMbr(sectorCount, options.bootCode)))
  place('GPT', fromBytes(primary))
  for (const { area, content, sector, count } of placed) {
    free(sector)
    const rest = zeros(count * DISK_SECTOR - content.size)
    place(area, content.size === 0 ? rest : concat([checkedContent(content, area), rest]))
  }
  free(end)
  place('backup GPT', fromBytes(backup))
  return { size, partitions, areas, content: concat(areas.map(({ content }) => content)) }
}

/** The MBR in front of a GPT (UEFI 2.10, §5.2.3), with code that the BIOS starts. */
function protectiveMbr(sectorCount: number, bootCode: Uint8Array = new Uint8Array()): Uint8Array {
  if (bootCode.length > MAX_BOOT_CODE)
    throw fieldError('boot code', `${bootCode.length} bytes`, `${MAX_BOOT_CODE} bytes`)
  const sector = masterBootRecord.encode({
    code: new Uint8Array(432),
    imageSector: 0,
    diskId: 0,
    reserved: 0,
    partitions: encodeMbrEntries([protectivePartition(sectorCount)]),
    signature: 0xaa55,
  })
  sector.set(bootCode)
  return sector
}

function lengthOf(
  { size, content }: PartitionOptions,
  subject: string,
  firstSector: number,
  end: number,
  isLast: boolean,
): number {
  if (size === 'rest') {
    if (!isLast) throw fieldError(subject, 'rest', 'only the last partition takes what is left')
    return Math.max(end - firstSector, 0) * DISK_SECTOR
  }
  const length = size ?? Math.ceil((content?.size ?? 0) / DISK_SECTOR) * DISK_SECTOR
  if (!Number.isSafeInteger(length) || length <= 0 || length % DISK_SECTOR !== 0)
    throw fieldError(subject, String(length), `a size that is a multiple of ${DISK_SECTOR}`)
  return length
}

/** The disk's bytes as a raw image, in one pass. */
export function writeDisk(layout: DiskLayout): AsyncIterable<Uint8Array> {
  return layout.content.open()
}

function fieldError(subject: string, got: string, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'disk cannot have this', { subject, got, limit })
}

function spaceError(subject: string, needed: number, there: number): DiskError {
  return new DiskError('ROS_DISK_SPACE', 'does not fit on the disk', {
    subject,
    got: `${needed} bytes needed`,
    limit: `${there} bytes`,
  })
}
