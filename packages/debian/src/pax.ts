import { decodeName } from '@ros/bytes'
import { DebianError } from './error.ts'
import type { TarEntry } from './tar-header.ts'

/** Records of a pax extended header by keyword. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>

/** Parses `LENGTH KEYWORD=VALUE\n` records (POSIX.1-2017, pax, "pax Extended Header"). */
export function parsePax(bytes: Uint8Array, subject: string): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>()
  for (let offset = 0; offset < bytes.length; ) {
    const space = bytes.indexOf(0x20, offset)
    const digits = String.fromCharCode(...bytes.subarray(offset, Math.min(space, offset + 10)))
    const end = offset + Number(digits)
    const equals = bytes.indexOf(0x3d, space)
    const fits = space > offset && equals > space + 1 && end > equals + 1 && end <= bytes.length
    if (!/^\d+$/.test(digits) || !fits || bytes[end - 1] !== 0x0a) {
      throw paxError(subject, 'damaged pax record', `offset ${offset}`)
    }
    records.set(decodeName(bytes.subarray(space + 1, equals)), bytes.slice(equals + 1, end - 1))
    offset = end
  }
  return records
}

/** Puts the records' values over those of the entry's own header. Sparse files are refused. */
export function applyPax(entry: TarEntry, records: PaxRecords, subject: string): void {
  for (const [keyword, value] of records) {
    if (keyword.startsWith('GNU.sparse.')) throw paxError(subject, 'sparse file', keyword)
    if (keyword.startsWith('SCHILY.xattr.')) {
      entry.xattrs ??= new Map()
      entry.xattrs.set(keyword.slice('SCHILY.xattr.'.length), value)
    }
    // An empty value takes the header's word back.
    if (value.length > 0) apply(entry, keyword, decodeName(value), subject)
  }
}

function apply(entry: TarEntry, keyword: string, value: string, subject: string): void {
  switch (keyword) {
    case 'path':
      entry.path = value
      break
    case 'linkpath':
      entry.linkPath = value
      break
    case 'size':
    case 'uid':
    case 'gid':
      if (!/^\d+$/.test(value)) throw paxError(subject, `pax ${keyword} is no number`, JSON.stringify(value))
      entry[keyword] = Number(value)
      break
    case 'mtime':
      if (!/^-?\d+(\.\d*)?$/.test(value))
        throw paxError(subject, 'pax mtime is no time', JSON.stringify(value))
      entry.mtime = Math.floor(Number(value))
      break
    default:
    // Names of owners, other times and comments have no place in a tree.
  }
}

function paxError(subject: string, problem: string, got: string): DebianError {
  return new DebianError('ROS_DEBIAN_TAR', problem, { subject, got })
}
