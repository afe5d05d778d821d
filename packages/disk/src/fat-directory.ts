import { ascii, raw, record, u8, u16le, u32le } from '@ros/bytes'
import { DIRECTORY_ENTRY } from './fat-geometry.ts'
import type { FatName } from './fat-name.ts'
import { encodeFatTime } from './fat-time.ts'

/** Attributes of a directory entry (Microsoft FAT specification 1.03, "FAT Directory Structure"). */
export const fatAttribute = { readOnly: 1, volumeId: 8, directory: 16, archive: 32, longName: 15 } as const

export const shortEntry = record(
  'directory entry',
  [
    ['name', raw(11)],
    ['attributes', u8],
    ['lowerCase', u8], // Windows NT: 8 base, 16 extension in lower case
    ['createdHundredths', u8],
    ['createdTime', u16le],
    ['createdDate', u16le],
    ['accessedDate', u16le],
    ['clusterHigh', u16le],
    ['writtenTime', u16le],
    ['writtenDate', u16le],
    ['clusterLow', u16le],
    ['size', u32le],
  ],
  DIRECTORY_ENTRY,
)

/** A part of a long name: 13 UTF-16 units. The last part comes first. */
export const longEntry = record(
  'long name entry',
  [
    ['order', u8],
    ['units1', raw(10)],
    ['attributes', u8],
    ['type', u8],
    ['checksum', u8], // of the short name that it belongs to
    ['units2', raw(12)],
    ['clusterLow', u16le],
    ['units3', raw(4)],
  ],
  DIRECTORY_ENTRY,
)

export const UNITS_PER_ENTRY = 13
/** Marks the entry of the last part. */
export const LAST_PART = 0x40

/** Number of entries that a name takes. */
export function entryCount({ name, long }: FatName): number {
  return 1 + (long ? Math.ceil(name.length / UNITS_PER_ENTRY) : 0)
}

export interface EntryValues {
  readonly attributes: number
  /** First cluster; 0 for an empty file. */
  readonly cluster: number
  readonly size: number
  readonly mtime: number
  /** For errors. */
  readonly path: string
}

/** Writes the entries of a name at `offset`; gives the offset behind them. */
export function writeEntries(target: Uint8Array, offset: number, name: FatName, values: EntryValues): number {
  const parts = entryCount(name) - 1
  const checksum = shortChecksum(asBytes(name.short))
  for (let part = parts; part > 0; part--) {
    const units = unitsOf(name.name, part - 1)
    longEntry.encodeInto(target, offset + (parts - part) * DIRECTORY_ENTRY, {
      order: part + (part === parts ? LAST_PART : 0),
      units1: units.subarray(0, 10),
      attributes: fatAttribute.longName,
      type: 0,
      checksum,
      units2: units.subarray(10, 22),
      clusterLow: 0,
      units3: units.subarray(22),
    })
  }
  const end = offset + parts * DIRECTORY_ENTRY
  writeShortEntry(target, end, name.short, values)
  return end + DIRECTORY_ENTRY
}

/** One entry without a long name: `short` has eleven characters. */
export function writeShortEntry(
  target: Uint8Array,
  offset: number,
  short: string,
  values: EntryValues,
): void {
  const { date, time, hundredths } = encodeFatTime(values.mtime, values.path)
  shortEntry.encodeInto(target, offset, {
    name: asBytes(short),
    attributes: values.attributes,
    lowerCase: 0,
    createdHundredths: hundredths,
    createdTime: time,
    createdDate: date,
    accessedDate: date,
    clusterHigh: Math.floor(values.cluster / 0x1_0000),
    writtenTime: time,
    writtenDate: date,
    clusterLow: values.cluster % 0x1_0000,
    size: values.size,
  })
}

/** Sum of a short name, each step rotated right by one bit (the specification's ChkSum). */
export function shortChecksum(name: Uint8Array): number {
  let sum = 0
  for (const byte of name) sum = ((sum % 2) * 128 + Math.floor(sum / 2) + byte) % 256
  return sum
}

/** The 13 units of a part: after the end one NUL, then all ones. */
function unitsOf(name: string, part: number): Uint8Array {
  const units = new Uint8Array(2 * UNITS_PER_ENTRY).fill(0xff)
  for (let i = 0; i < UNITS_PER_ENTRY; i++) {
    const index = part * UNITS_PER_ENTRY + i
    if (index <= name.length)
      u16le.write(units, 2 * i, index < name.length ? name.charCodeAt(index) : 0, name)
  }
  return units
}

const eleven = ascii(11, ' ')

function asBytes(short: string): Uint8Array {
  const bytes = new Uint8Array(11)
  eleven.write(bytes, 0, short, 'short name')
  return bytes
}
