import { crc32 } from 'node:zlib'
import type { ByteSource } from '@ros/bytes'
import { DiskError } from './error.ts'
import {
  decodeAttributes,
  decodeName,
  GPT_ENTRIES,
  gptEntry,
  gptHeader,
  type PlacedPartition,
  SECTOR,
} from './gpt.ts'
import { decodeGuid } from './guid.ts'
import { readBytes } from './read-bytes.ts'

export interface GptDisk {
  readonly diskGuid: string
  /** Partitions in the order of their entries; those that are not used are left out. */
  readonly partitions: readonly (PlacedPartition & { readonly number: number })[]
  /** Which copies are whole: a disk that was made larger has its backup somewhere in the middle. */
  readonly primary: boolean
  readonly backup: boolean
}

const NONE = '00000000-0000-0000-0000-000000000000'
const MAX_ENTRY = 4096

/**
 * Reads a GUID partition table (sectors of 512 bytes): the first copy, or the one at the end of the disk where the first is damaged. Throws
 * `DiskError` only: `ROS_DISK_FORMAT` when neither is whole, `ROS_DISK_CONTENT` when the source cannot be read.
 *
 * Standard: UEFI 2.10, §5.3.
 */
export async function readGpt(disk: ByteSource): Promise<GptDisk> {
  const last = Math.floor(disk.size / SECTOR) - 1
  const first = await readCopy(disk, 1)
  const second = await readCopy(disk, last)
  const found = typeof first === 'string' ? second : first
  if (typeof found !== 'string')
    return { ...found, primary: typeof first !== 'string', backup: typeof second !== 'string' }
  throw new DiskError('ROS_DISK_FORMAT', 'no GUID partition table', {
    subject: 'disk',
    got: typeof first === 'string' ? first : found,
  })
}

/** The table of one header, or what is wrong with it. */
async function readCopy(
  disk: ByteSource,
  sector: number,
): Promise<Omit<GptDisk, 'primary' | 'backup'> | string> {
  if (sector < 1 || (sector + 1) * SECTOR > disk.size) return 'the disk ends before its header'
  const bytes = await readBytes(disk, sector * SECTOR, SECTOR, `GPT header in sector ${sector}`)
  if (Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== 'EFI PART') return 'no header'
  const size = bytes[12] !== undefined ? Buffer.from(bytes).readUInt32LE(12) : 0
  if (size < gptHeader.size || size > SECTOR) return `header of ${size} bytes`
  const sum = Buffer.from(bytes).readUInt32LE(16)
  const blank = Uint8Array.from(bytes)
  blank.fill(0, 16, 20)
  if (crc32(blank.subarray(0, size)) !== sum) return 'the header has another checksum'
  let header: ReturnType<typeof gptHeader.decode>
  try {
    header = gptHeader.decode(bytes)
  } catch {
    return 'a number of the header is beyond every disk'
  }
  const { entryCount, entrySize, entriesSector, ownSector } = header
  if (ownSector !== sector) return `a header of sector ${ownSector}`
  if (entrySize < gptEntry.size || entrySize > MAX_ENTRY || entryCount > 8 * GPT_ENTRIES)
    return `${entryCount} entries of ${entrySize} bytes`
  if (entriesSector * SECTOR + entryCount * entrySize > disk.size) return 'the disk ends before its entries'
  const table = await readBytes(disk, entriesSector * SECTOR, entryCount * entrySize, 'GPT entries')
  if (crc32(table) !== header.entriesCrc) return 'the entries have another checksum'
  const partitions: (PlacedPartition & { number: number })[] = []
  for (let index = 0; index < entryCount; index++) {
    const offset = index * entrySize
    const type = decodeGuid(table.subarray(offset, offset + 16))
    if (type === NONE) continue
    let entry: ReturnType<typeof gptEntry.decode>
    try {
      entry = gptEntry.decode(table, offset)
    } catch {
      return `entry ${index + 1} lies beyond every disk`
    }
    if (entry.first > entry.last || (entry.last + 1) * SECTOR > disk.size)
      return `entry ${index + 1} lies outside the disk`
    partitions.push({
      number: index + 1,
      type,
      guid: decodeGuid(entry.guid),
      name: decodeName(entry.name),
      attributes: decodeAttributes(entry.attributes),
      firstSector: entry.first,
      sectorCount: entry.last - entry.first + 1,
    })
  }
  return { diskGuid: decodeGuid(header.diskGuid), partitions }
}
