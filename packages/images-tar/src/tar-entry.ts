import type { ByteSource } from '@ros/bytes'
import { ImagesTarError } from './error.ts'

/** A member of a tar archive that is to be written. */
export interface TarEntry {
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'block-device' | 'fifo'
  /** No slash at the end; './' is the root. */
  readonly path: string
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970-01-01 UTC. */
  readonly mtime: number
  /** Of a symbolic link as stored; of a hard link the path of its file. */
  readonly linkname?: string
  /** Of devices. */
  readonly major?: number
  readonly minor?: number
  /** Of files. */
  readonly size?: number
  readonly content?: Pick<ByteSource, 'open' | 'readInto'>
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
}

/** Header fields as ustar holds them, and pax records for what it cannot hold. */
export interface TarHeader {
  readonly name: string
  readonly linkname: string | undefined
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly records: ReadonlyMap<string, Uint8Array | string>
}

const SHORT = 100
const OCTAL6 = 0o777_777
// Readers that know the field as signed 32 bits exist; above it the time goes to a pax record.
const MAX_TIME = 0x7fff_ffff

/** Splits an entry's fields between the ustar header and pax records. Throws `ROS_IMAGES_TAR_ENTRY` for what neither holds. */
export function tarHeader(entry: TarEntry): TarHeader {
  const records = new Map<string, Uint8Array | string>()
  const text = (key: string, value: string): string => {
    if (/[\0\ud800-\udfff]/.test(value) && !isText(value)) {
      throw entryError(
        entry.path,
        'name is not UTF-8',
        JSON.stringify(value),
        'tar names are UTF-8 without NUL',
      )
    }
    if (value.length <= SHORT && /^[\x20-\x7e]*$/.test(value)) return value
    records.set(key, value)
    return value.replace(/[^\x20-\x7e]/g, '_').slice(0, SHORT)
  }
  const number = (key: string, value: number, max: number): number => {
    if (value >= 0 && value <= max) return value
    records.set(key, String(value))
    return 0
  }
  const path = entry.type === 'directory' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path
  const header = {
    name: text('path', path),
    linkname: entry.linkname === undefined ? undefined : text('linkpath', entry.linkname),
    uid: number('uid', entry.uid, OCTAL6),
    gid: number('gid', entry.gid, OCTAL6),
    mtime: number('mtime', entry.mtime, MAX_TIME),
    records,
  }
  for (const value of [entry.major ?? 0, entry.minor ?? 0]) {
    if (value > OCTAL6)
      throw entryError(entry.path, 'device number is too large', String(value), `tar: 0 … ${OCTAL6}`)
  }
  for (const [name, value] of [...(entry.xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!/^[\x21-\x3c\x3e-\x7e]+$/.test(name)) {
      throw entryError(
        entry.path,
        'extended attribute has an unusual name',
        JSON.stringify(name),
        "ASCII without '='",
      )
    }
    records.set(`SCHILY.xattr.${name}`, value)
  }
  return header
}

export function entryError(subject: string, problem: string, got: string, limit: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_ENTRY', problem, { subject, got, limit })
}

function isText(value: string): boolean {
  return !value.includes('\0') && !/\p{Surrogate}/u.test(value)
}
