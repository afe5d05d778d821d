import { crc32 } from 'node:zlib'
import { ascii, raw, record, u16le, u32le, u64le } from '@ros/bytes'
import { encodeGuid } from './guid.ts'

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

/** Partition types (UEFI 2.10, table 5.7; The Discoverable Partitions Specification). */
export const gptType = {
  efiSystem: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  basicData: 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7',
  linuxData: '0fc63daf-8483-4772-8e79-3d69d8477de4',
} as const

/** Bits of a partition's attributes (UEFI 2.10, §5.3.3, table 5.8). */
const ATTRIBUTE_BITS = { required: 0, noBlockIo: 1, legacyBiosBootable: 2, readOnly: 60 } as const
export type GptAttribute = keyof typeof ATTRIBUTE_BITS

/** A partition with its place on the disk. */
export interface PlacedPartition {
  /** Of the partition type: `gptType` has the usual ones. */
  readonly type: string
  readonly guid: string
  /** At most 36 UTF-16 units. */
  readonly name: string
  readonly attributes: readonly GptAttribute[]
  /** First sector of 512 bytes, and how many. */
  readonly firstSector: number
  readonly sectorCount: number
}

export const SECTOR = 512
export const GPT_ENTRIES = 128
const ENTRIES_SECTORS = (GPT_ENTRIES * gptEntry.size) / SECTOR
/** Sectors of a header and its entries: at the start of the disk behind the MBR, and at its end. */
export const GPT_SECTORS = 1 + ENTRIES_SECTORS

/** Both copies for a disk of `sectorCount` sectors: one for sector 1 and on, one for the end of the disk. */
export function encodeGpt(
  diskGuid: string,
  partitions: readonly PlacedPartition[],
  sectorCount: number,
): { primary: Uint8Array; backup: Uint8Array } {
  const entries = new Uint8Array(GPT_ENTRIES * gptEntry.size)
  partitions.forEach((partition, index) => {
    gptEntry.encodeInto(entries, index * gptEntry.size, {
      type: encodeGuid(partition.type, `partition ${index + 1}, type`),
      guid: encodeGuid(partition.guid, `partition ${index + 1}, guid`),
      first: partition.firstSector,
      last: partition.firstSector + partition.sectorCount - 1,
      attributes: encodeAttributes(partition.attributes),
      name: encodeName(partition.name),
    })
  })
  const last = sectorCount - 1
  const header = (ownSector: number, otherSector: number, entriesSector: number) => {
    const values = {
      signature: 'EFI PART',
      revision: 0x0001_0000,
      headerSize: gptHeader.size,
      headerCrc: 0,
      reserved: 0,
      ownSector,
      otherSector,
      firstUsable: 1 + GPT_SECTORS,
      lastUsable: last - GPT_SECTORS,
      diskGuid: encodeGuid(diskGuid, 'diskGuid'),
      entriesSector,
      entryCount: GPT_ENTRIES,
      entrySize: gptEntry.size,
      entriesCrc: crc32(entries),
    }
    return gptHeader.encode({ ...values, headerCrc: crc32(gptHeader.encode(values)) })
  }
  const primary = new Uint8Array(GPT_SECTORS * SECTOR)
  primary.set(header(1, last, 2))
  primary.set(entries, SECTOR)
  const backup = new Uint8Array(GPT_SECTORS * SECTOR)
  backup.set(entries)
  backup.set(header(last, 1, last - ENTRIES_SECTORS), entries.length)
  return { primary, backup }
}

function encodeAttributes(attributes: readonly GptAttribute[]): Uint8Array {
  const bytes = new Uint8Array(8)
  for (const bit of new Set(attributes.map((name) => ATTRIBUTE_BITS[name]))) {
    const index = Math.floor(bit / 8)
    bytes[index] = (bytes[index] ?? 0) + 2 ** (bit % 8)
  }
  return bytes
}

export function decodeAttributes(bytes: Uint8Array): GptAttribute[] {
  const names = Object.keys(ATTRIBUTE_BITS) as GptAttribute[]
  return names.filter((name) => {
    const bit = ATTRIBUTE_BITS[name]
    return Math.floor((bytes[Math.floor(bit / 8)] ?? 0) / 2 ** (bit % 8)) % 2 === 1
  })
}

/** Longest name of a partition, in UTF-16 units. */
export const MAX_NAME = 36

function encodeName(name: string): Uint8Array {
  const bytes = new Uint8Array(2 * MAX_NAME)
  for (let i = 0; i < name.length; i++) u16le.write(bytes, 2 * i, name.charCodeAt(i), 'GPT partition name')
  return bytes
}

export function decodeName(bytes: Uint8Array): string {
  let name = ''
  for (let i = 0; i < MAX_NAME; i++) {
    const unit = u16le.read(bytes, 2 * i, 'GPT partition name')
    if (unit === 0) break
    name += String.fromCharCode(unit)
  }
  return name
}
