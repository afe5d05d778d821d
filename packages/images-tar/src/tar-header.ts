import { decodeName, type Field, raw, record } from '@ros/bytes'
import { ImagesTarError } from './error.ts'

export const BLOCK = 512

/** The fields of a header block that an index of the archive needs. */
export interface TarMember {
  readonly name: string
  readonly linkname: string
  /** Type flag as a character; NUL is given as '0'. */
  readonly type: string
  readonly size: number
}

// ustar header block, POSIX.1-2017, pax §ustar Interchange Format.
const ustar = record(
  'tar header',
  [
    ['name', raw(100)],
    ['mode', raw(8)],
    ['uid', raw(8)],
    ['gid', raw(8)],
    ['size', tarNumber(12)],
    ['mtime', raw(12)],
    ['chksum', tarNumber(8)],
    ['typeflag', raw(1)],
    ['linkname', raw(100)],
    ['magic', raw(6)],
    ['version', raw(2)],
    ['uname', raw(32)],
    ['gname', raw(32)],
    ['devmajor', raw(8)],
    ['devminor', raw(8)],
    ['prefix', raw(155)],
    ['pad', raw(12)],
  ],
  BLOCK,
)

/** One header block; undefined for a block of zeros, which ends the archive. Throws `ROS_IMAGES_TAR_ARCHIVE`. */
export function decodeTarHeader(block: Uint8Array, offset: number): TarMember | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  const fields = ustar.decode(block)
  const sum = checksum(block)
  if (sum !== fields.chksum) {
    throw archiveError(
      `byte ${offset}`,
      'not a tar header',
      `checksum ${fields.chksum}`,
      `its bytes sum to ${sum}`,
    )
  }
  const magic = text(fields.magic)
  const prefix = magic === 'ustar' ? text(fields.prefix) : ''
  const name = text(fields.name)
  const flag = String.fromCharCode(fields.typeflag[0] ?? 0)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkname: text(fields.linkname),
    type: flag === '\0' ? '0' : flag,
    size: fields.size,
  }
}

/** What a header says of a file's metadata, and its names as their bytes are (see `decodeName`). */
export interface TarMetadata {
  readonly name: string
  readonly linkname: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly major: number
  readonly minor: number
}

/** The rest of a header that `decodeTarHeader` has accepted. Throws `ROS_IMAGES_TAR_ARCHIVE` for a malformed number. */
export function decodeTarMetadata(block: Uint8Array, subject: string): TarMetadata {
  const fields = ustar.decode(block)
  const name = (field: Uint8Array) => decodeName(untilNul(field))
  const number = (field: Uint8Array, label: string) => tarNumberOf(field, `${subject}: ${label}`)
  const prefix = text(fields.magic) === 'ustar' ? name(fields.prefix) : ''
  return {
    name: prefix === '' ? name(fields.name) : `${prefix}/${name(fields.name)}`,
    linkname: name(fields.linkname),
    mode: number(fields.mode, 'mode'),
    uid: number(fields.uid, 'uid'),
    gid: number(fields.gid, 'gid'),
    mtime: number(fields.mtime, 'mtime'),
    major: number(fields.devmajor, 'devmajor'),
    minor: number(fields.devminor, 'devminor'),
  }
}

/** Text up to the first NUL. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(untilNul(bytes))
}

export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

export function archiveError(subject: string, problem: string, got?: string, limit?: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_ARCHIVE', problem, {
    subject,
    ...(got !== undefined && { got }),
    ...(limit !== undefined && { limit }),
  })
}

/** Sum of the block's bytes, the checksum field itself read as eight spaces. */
function checksum(block: Uint8Array): number {
  const start = ustar.offsets.chksum
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= start && i < start + 8 ? 0x20 : (block[i] ?? 0)
  return sum
}

/** Octal digits, or GNU's base-256 where the first byte is 0x80. */
function tarNumber(size: number): Field<number> {
  return {
    size,
    write() {
      throw new Error('tar headers are written by tar-stream')
    },
    read: (bytes, offset, label) => tarNumberOf(bytes.subarray(offset, offset + size), label),
  }
}

function tarNumberOf(field: Uint8Array, label: string): number {
  if (field[0] === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
    if (Number.isSafeInteger(value)) return value
    throw archiveError(label, 'number is too large', String(value), String(Number.MAX_SAFE_INTEGER))
  }
  const digits = text(field).trim()
  if (!/^[0-7]*$/.test(digits)) throw archiveError(label, 'not an octal number', JSON.stringify(digits))
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}
