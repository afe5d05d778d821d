import { encodeName } from '@ros/bytes'

export interface RawEntry {
  /** With its NUL, when bytes are given; a string gets one. */
  readonly name: string | Uint8Array
  readonly mode?: number
  readonly content?: string | Uint8Array
  readonly ino?: number
  readonly nlink?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly rdev?: readonly [number, number]
  readonly magic?: string
  readonly check?: number
  readonly nameSize?: number
  readonly fileSize?: number
}

/** One entry, written here without the code under test. Default: an empty regular file 0644 with an inode of its own. */
export function rawEntry(entry: RawEntry): Buffer {
  const name = typeof entry.name === 'string' ? Buffer.from([...encodeName(entry.name), 0]) : entry.name
  const content =
    typeof entry.content === 'string' ? encodeName(entry.content) : (entry.content ?? new Uint8Array(0))
  const numbers = [
    entry.ino ?? 1000,
    entry.mode ?? 0o100644,
    entry.uid ?? 0,
    entry.gid ?? 0,
    entry.nlink ?? 1,
    entry.mtime ?? 0,
    entry.fileSize ?? content.length,
    0,
    0,
    ...(entry.rdev ?? [0, 0]),
    entry.nameSize ?? name.length,
    entry.check ?? 0,
  ]
  const fields = numbers.map((value) => value.toString(16).padStart(8, '0')).join('')
  const head = padded(Buffer.concat([Buffer.from((entry.magic ?? '070701') + fields), name]))
  return Buffer.concat([head, padded(Buffer.from(content))])
}

export const trailerEntry = rawEntry({ name: 'TRAILER!!!', mode: 0, ino: 0 })

/** A whole archive, its length a multiple of 4. */
export function rawArchive(...entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(rawEntry), trailerEntry])
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}
