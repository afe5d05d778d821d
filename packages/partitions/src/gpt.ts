import { ascii, crc32, raw, record, u16le, u32le, u64le } from '@ros/bytes'
import { PartitionsError } from './error.ts'
import { encodeGuid } from './guid.ts'
import { DISK_SECTOR } from './mbr.ts'

/** GPT header (UEFI 2.10, §5.3.2). Sectors have 512 bytes. */
export const gptHeader = record(
  'GPT header',
  [
    ['signature', ascii(8)],
    ['revision', u32le],
    ['headerSize', u32le],
    ['headerCrc', u32le], // over the header with this field zero
    ['reserved', u32le],
    ['ownSector', u64le],
    ['otherSector', u64le],
    ['firstUsable', u64le],
    ['lastUsable', u64le],
    ['diskGuid', raw(16)],
    ['entriesSector', u64le],
    ['entryCount', u32le],
    ['entrySize', u32le],
    ['entriesCrc', u32le],
  ],
  92,
)

/** GPT partition entry (UEFI 2.10, §5.3.3). */
export const gptEntry = record(
  'GPT partition entry',
  [
    ['type', raw(16)],
    ['guid', raw(16)],
    ['first', u64le],
    ['last', u64le], // inclusive
    ['attributes', raw(8)],
    ['name', raw(72)], // UTF-16LE
  ],
  128,
)

export const GPT_SIGNATURE = 'EFI PART'

/** Bits of an entry's attributes (UEFI 2.10, table 5.8; 60 of basic data partitions). */
export const gptAttribute = { legacyBiosBootable: 2, readOnly: 60 } as const

/** An entry of a GPT (UEFI 2.10 §5.3.3). */
export interface GptPartition {
  /** Type and identity, 8-4-4-4-12 hexadecimal digits. */
  readonly type: string
  readonly guid: string
  /** At most 36 UTF-16 units. */
  readonly name: string
  /** First sector of 512 bytes, and how many. */
  readonly start: number
  readonly count: number
  /** Numbers of bits that are set, 0 … 63: see `gptAttribute`. */
  readonly attributes?: readonly number[]
}

/** Type GUIDs that are written here: Microsoft's basic data, UEFI's system partition (UEFI 2.10 table 5.7), Linux's data. */
export const gptType = {
  basicData: 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7',
  efiSystem: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  linux: '0fc63daf-8483-4772-8e79-3d69d8477de4',
} as const

const ENTRIES = 128
const ENTRIES_SIZE = ENTRIES * gptEntry.size
const ENTRIES_SECTORS = ENTRIES_SIZE / DISK_SECTOR
/** Bytes of a header and its entries. */
export const GPT_SIZE = DISK_SECTOR + ENTRIES_SIZE

/**
 * Both copies for a disk of `sectorCount` sectors: one for sector 1 and on, one for the end of the disk. Throws
 * `ROS_PARTITIONS_FIELD` for more than 128 partitions, for a name or a GUID that does not fit.
 */
export function encodeGpt(
  diskGuid: string,
  partitions: readonly GptPartition[],
  sectorCount: number,
): { primary: Uint8Array; backup: Uint8Array } {
  if (partitions.length > ENTRIES) throw fieldError('partitions', String(partitions.length), `${ENTRIES}`)
  const entries = new Uint8Array(ENTRIES_SIZE)
  partitions.forEach((partition, index) => {
    gptEntry.encodeInto(entries, index * gptEntry.size, {
      type: encodeGuid(partition.type),
      guid: encodeGuid(partition.guid),
      first: partition.start,
      last: partition.start + partition.count - 1,
      attributes: encodeAttributes(partition.attributes ?? []),
      name: encodeName(partition.name),
    })
  })
  const last = sectorCount - 1
  const header = (ownSector: number, otherSector: number, entriesSector: number) => {
    const values = {
      signature: GPT_SIGNATURE,
      revision: 0x0001_0000,
      headerSize: gptHeader.size,
      headerCrc: 0,
      reserved: 0,
      ownSector,
      otherSector,
      firstUsable: 2 + ENTRIES_SECTORS,
      lastUsable: last - 1 - ENTRIES_SECTORS,
      diskGuid: encodeGuid(diskGuid),
      entriesSector,
      entryCount: ENTRIES,
      entrySize: gptEntry.size,
      entriesCrc: crc32(entries),
    }
    const sector = new Uint8Array(DISK_SECTOR)
    gptHeader.encodeInto(sector, 0, { ...values, headerCrc: crc32(gptHeader.encode(values)) })
    return sector
  }
  const primary = new Uint8Array(GPT_SIZE)
  primary.set(header(1, last, 2))
  primary.set(entries, DISK_SECTOR)
  const backup = new Uint8Array(GPT_SIZE)
  backup.set(entries)
  backup.set(header(last, 1, last - ENTRIES_SECTORS), ENTRIES_SIZE)
  return { primary, backup }
}

function encodeAttributes(bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8)
  for (const bit of new Set(bits)) {
    if (!Number.isInteger(bit) || bit < 0 || bit > 63)
      throw fieldError('attribute', String(bit), 'bits 0 … 63')
    bytes[Math.floor(bit / 8)] = (bytes[Math.floor(bit / 8)] ?? 0) + 2 ** (bit % 8)
  }
  return bytes
}

export function decodeAttributes(bytes: Uint8Array): number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter(
    (bit) => Math.floor((bytes[Math.floor(bit / 8)] ?? 0) / 2 ** (bit % 8)) % 2 === 1,
  )
}

function encodeName(name: string): Uint8Array {
  const bytes = new Uint8Array(72)
  if (2 * name.length > bytes.length)
    throw fieldError('partition name', JSON.stringify(name), '36 UTF-16 units')
  for (let i = 0; i < name.length; i++) u16le.write(bytes, 2 * i, name.charCodeAt(i), 'GPT partition name')
  return bytes
}

export function decodeName(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(u16le.read(bytes, i, 'name'))
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

function fieldError(subject: string, got: string, limit: string): PartitionsError {
  return new PartitionsError('ROS_PARTITIONS_FIELD', 'GPT cannot hold this', { subject, got, limit })
}
