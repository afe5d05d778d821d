import { crc32 } from 'node:zlib'
import { ascii, raw, record, u16le, u32le, u64le } from '@ros/bytes'
import type { GptOptions } from './options.ts'

/** GPT header (UEFI 2.10, §5.3.2). Sectors have 512 bytes. */
const gptHeader = record(
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
const gptEntry = record(
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

export interface GptPartition {
  /** Registry form: 8-4-4-4-12 hexadecimal digits. */
  readonly type: string
  readonly name: string
  /** First sector of 512 bytes, and how many. */
  readonly start: number
  readonly count: number
  readonly readOnly: boolean
}

export const gptType = {
  basicData: 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7',
  efiSystem: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
} as const

const DISK_SECTOR = 512
const ENTRIES = 128
const ENTRIES_SIZE = ENTRIES * gptEntry.size
const ENTRIES_SECTORS = ENTRIES_SIZE / DISK_SECTOR
/** Bytes of a header and its entries. */
export const GPT_SIZE = DISK_SECTOR + ENTRIES_SIZE

/** Both copies for a disk of `sectorCount` sectors: one for sector 1 and on, one for the end of the disk. */
export function encodeGpt(
  options: GptOptions,
  partitions: readonly GptPartition[],
  sectorCount: number,
): { primary: Uint8Array; backup: Uint8Array } {
  const entries = new Uint8Array(ENTRIES_SIZE)
  partitions.forEach((partition, index) => {
    const attributes = new Uint8Array(8)
    if (partition.readOnly) attributes[7] = 0x10 // bit 60, of basic data partitions
    gptEntry.encodeInto(entries, index * gptEntry.size, {
      type: encodeGuid(partition.type),
      guid: encodeGuid(options.partitionGuids[index] ?? ''),
      first: partition.start,
      last: partition.start + partition.count - 1,
      attributes,
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
      firstUsable: 2 + ENTRIES_SECTORS,
      lastUsable: last - 1 - ENTRIES_SECTORS,
      diskGuid: encodeGuid(options.diskGuid),
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

/** The first three groups are stored as little-endian numbers, the others as they are read (UEFI 2.10, appendix A). */
function encodeGuid(guid: string): Uint8Array {
  const digits = guid.replaceAll('-', '')
  const bytes = Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
  for (const [from, to] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const)
    bytes.subarray(from, to).reverse()
  return bytes
}

function encodeName(name: string): Uint8Array {
  const bytes = new Uint8Array(72)
  for (let i = 0; i < name.length; i++) u16le.write(bytes, 2 * i, name.charCodeAt(i), 'GPT partition name')
  return bytes
}
