import { decodeName, type Field, raw, record } from '@ros/bytes'
import { DebianError } from './error.ts'

export const BLOCK = 512

/** A number: octal digits with spaces or NULs around, or base 256 where the first byte is 0x80 (0xff: negative). */
function number(size: number): Field<number> {
  return {
    size,
    write(target, offset, value) {
      const digits = value.toString(8).padStart(size - 1, '0')
      if (digits.length >= size) throw new RangeError(`${value} needs more than ${size - 1} octal digits`)
      for (let i = 0; i < size - 1; i++) target[offset + i] = digits.charCodeAt(i)
      target[offset + size - 1] = 0
    },
    read(bytes, offset, label) {
      const field = bytes.subarray(offset, offset + size)
      const first = field[0] ?? 0
      if (first === 0x80 || first === 0xff) {
        const magnitude = field
          .subarray(1)
          .reduce((sum, byte) => sum * 256 + (first === 0xff ? 255 - byte : byte), 0)
        if (Number.isSafeInteger(magnitude)) return first === 0xff ? -1 - magnitude : magnitude
      }
      const text = String.fromCharCode(...field).replace(/^[ \0]+|[ \0]+$/g, '')
      if (/^[0-7]*$/.test(text)) return Number.parseInt(text || '0', 8)
      throw new DebianError('ROS_DEBIAN_TAR', 'not a number', { subject: label, got: JSON.stringify(text) })
    },
  }
}

/** Header block of the ustar format (POSIX.1-2017, pax, "ustar Interchange Format"), shared by GNU's and the oldest one. */
export const tarHeader = record(
  'tar header',
  [
    ['name', raw(100)],
    ['mode', number(8)],
    ['uid', number(8)],
    ['gid', number(8)],
    ['size', number(12)],
    ['mtime', number(12)],
    ['checksum', number(8)],
    ['type', raw(1)],
    ['linkName', raw(100)],
    ['magic', raw(8)],
    ['userName', raw(32)],
    ['groupName', raw(32)],
    ['deviceMajor', number(8)],
    ['deviceMinor', number(8)],
    ['prefix', raw(155)],
    ['padding', raw(12)],
  ],
  BLOCK,
)

/** What a header block says about the entry that follows. */
export interface TarEntry {
  /** One character: '0' file, '1' hard link, '2' symbolic link, '3' and '4' devices, '5' directory, '6' fifo, others. */
  type: string
  path: string
  linkPath: string
  mode: number
  uid: number
  gid: number
  /** Bytes that follow the header, padded to whole blocks. */
  size: number
  mtime: number
  major: number
  minor: number
  xattrs?: Map<string, Uint8Array>
}

/** Decodes a header block; undefined for the block of zeros that ends an archive. */
export function parseHeader(block: Uint8Array, subject: string): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  const { checksum: start } = tarHeader.offsets
  const sum = block.reduce((total, byte, i) => total + (i >= start && i < start + 8 ? 0x20 : byte), 0)
  const checksum = String.fromCharCode(...block.subarray(start, start + 8))
    .replace(/[ \0]+$/, '')
    .trim()
  if (!/^[0-7]+$/.test(checksum) || Number.parseInt(checksum, 8) !== sum) {
    throw new DebianError('ROS_DEBIAN_TAR', 'header has a wrong checksum', {
      subject,
      got: checksum,
      limit: sum.toString(8),
    })
  }
  const header = tarHeader.decode(block)
  const magic = String.fromCharCode(...header.magic)
  const prefix = magic === 'ustar\x0000' ? cString(header.prefix) : ''
  const name = cString(header.name)
  return {
    type: String.fromCharCode(header.type[0] || 0x30),
    path: prefix === '' ? name : `${prefix}/${name}`,
    linkPath: cString(header.linkName),
    mode: header.mode % 0o10000,
    uid: header.uid,
    gid: header.gid,
    size: header.size,
    mtime: header.mtime,
    major: magic.startsWith('ustar') ? header.deviceMajor : 0,
    minor: magic.startsWith('ustar') ? header.deviceMinor : 0,
  }
}

/** A name up to the first NUL. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return decodeName(end < 0 ? bytes : bytes.subarray(0, end))
}
