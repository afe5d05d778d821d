import { decodeName } from '@ros/bytes'
import { DiskError } from './error.ts'
import {
  fatAttribute,
  LAST_PART,
  longEntry,
  shortChecksum,
  shortEntry,
  UNITS_PER_ENTRY,
} from './fat-directory.ts'
import { DIRECTORY_ENTRY } from './fat-geometry.ts'

/** An entry with its long name put together. */
export interface ReadEntry {
  readonly name: string
  readonly attributes: number
  readonly cluster: number
  readonly size: number
  readonly writtenDate: number
  readonly writtenTime: number
}

const END = 0
const DELETED = 0xe5
/** Stands for a first byte of 0xE5, which would mean a deleted entry. */
const KANJI = 0x05

/**
 * Entries of a directory but `.` and `..`. Long names whose parts do not belong together are passed over in favour of the
 * short name, as the specification says. The label is an entry with the attribute `volumeId`.
 */
export function readEntries(bytes: Uint8Array, directory: string): ReadEntry[] {
  const entries: ReadEntry[] = []
  let long: LongName | undefined
  for (let offset = 0; offset + DIRECTORY_ENTRY <= bytes.length; offset += DIRECTORY_ENTRY) {
    const first = bytes[offset]
    if (first === END) break
    if (first === DELETED) {
      long = undefined
      continue
    }
    const values = shortEntry.decode(bytes, offset)
    if (values.attributes % 64 === fatAttribute.longName) {
      long = joined(long, bytes, offset)
      continue
    }
    const isLong = long?.missing === 0 && long.checksum === shortChecksum(values.name)
    const name = isLong && long ? unicode(long.text(), directory) : shortName(values.name, values.lowerCase)
    long = undefined
    if (first === 0x2e && (name === '.' || name === '..')) continue
    const isLabel = hasAttribute(values.attributes, fatAttribute.volumeId)
    entries.push({
      name: isLabel ? String.fromCharCode(...values.name).trimEnd() : checkedName(name, directory),
      attributes: values.attributes,
      cluster: values.clusterHigh * 0x1_0000 + values.clusterLow,
      size: values.size,
      writtenDate: values.writtenDate,
      writtenTime: values.writtenTime,
    })
  }
  return entries
}

/** Whether a bit of an entry's attributes is set. */
export function hasAttribute(attributes: number, bit: number): boolean {
  return Math.floor(attributes / bit) % 2 === 1
}

/** Parts of a long name so far; `missing` ones are still to come. */
interface LongName {
  readonly checksum: number
  readonly missing: number
  text(): string
}

function joined(before: LongName | undefined, bytes: Uint8Array, offset: number): LongName | undefined {
  const { order, checksum, units1, units2, units3 } = longEntry.decode(bytes, offset)
  const isLast = hasAttribute(order, LAST_PART)
  const part = order % LAST_PART
  const follows = isLast ? part >= 1 && part <= 20 : before?.missing === part && before.checksum === checksum
  if (!follows || part === 0) return undefined
  const rest = isLast ? () => '' : () => before?.text() ?? ''
  return { checksum, missing: part - 1, text: () => unitText(units1, units2, units3) + rest() }
}

function unitText(...parts: readonly Uint8Array[]): string {
  let text = ''
  for (const part of parts)
    for (let i = 0; i < part.length; i += 2)
      text += String.fromCharCode((part[i] ?? 0) + (part[i + 1] ?? 0) * 256)
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, Math.min(end, UNITS_PER_ENTRY))
}

/** Characters beyond ASCII are in a code page that the volume does not name: they come out as bytes. */
function shortName(name: Uint8Array, lowerCase: number): string {
  const bytes = name.slice()
  if (bytes[0] === KANJI) bytes[0] = DELETED
  const part = (from: number, to: number, lower: number) => {
    const text = decodeName(bytes.subarray(from, to)).trimEnd()
    return hasAttribute(lowerCase, lower) ? text.toLowerCase() : text
  }
  const base = part(0, 8, 8)
  const extension = part(8, 11, 16)
  return extension === '' ? base : `${base}.${extension}`
}

/** Half of a surrogate pair is no character, and must not pass for a byte that is not UTF-8. */
function unicode(name: string, directory: string): string {
  if (name.isWellFormed()) return name
  throw nameError(name, directory)
}

function checkedName(name: string, directory: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name
  throw nameError(name, directory)
}

function nameError(name: string, directory: string): DiskError {
  return new DiskError('ROS_DISK_NAME', 'directory holds an entry whose name is no file name', {
    subject: directory,
    got: JSON.stringify(name),
  })
}
