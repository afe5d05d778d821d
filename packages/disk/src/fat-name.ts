import { DiskError } from './error.ts'

/** A name with the eleven bytes that stand for it in a directory. */
export interface FatName {
  readonly name: string
  /** Base and extension, 8 and 3 characters, padded with spaces. */
  readonly short: string
  /** Whether the name differs from its short form and so needs long name entries. */
  readonly long: boolean
}

// A long name has 255 UTF-16 units in 20 entries (Microsoft FAT specification 1.03, "FAT Long Directory Entries").
const MAX_UNITS = 255
const FORBIDDEN = /[\0-\x1f"*/:<>?\\|\x7f]/
/** Characters of a short name; what else a long name may have becomes `_` in it. */
const NOT_SHORT = /[^!#$%&'()\-0-9@A-Z^_`{}~]/g
const MAX_TAIL = 999_999

/**
 * Gives each name of one directory a short form that no other has: the name itself where it is one but for its case, else
 * its beginning and `~1`, `~2` … Depends only on the names and their order. Throws `ROS_DISK_NAME` for a name that
 * FAT cannot hold and for two that differ only by case.
 */
export function fatNames(names: readonly string[], directory: string): Map<string, FatName> {
  const folded = new Map<string, string>()
  for (const name of names) {
    checkName(name, directory)
    const key = foldName(name)
    const other = folded.get(key)
    if (other !== undefined) {
      throw new DiskError('ROS_DISK_NAME', 'FAT cannot tell two names apart', {
        subject: `${directory}/${name}`,
        got: JSON.stringify(other),
        limit: 'names of one directory differ by more than case',
      })
    }
    folded.set(key, name)
  }
  const found = new Map<string, FatName>()
  const taken = new Set<string>()
  for (const name of names) {
    const short = exactShort(name)
    if (short === undefined) continue
    taken.add(short)
    found.set(name, { name, short, long: shortText(short) !== name })
  }
  const nextTail = new Map<string, number>()
  for (const name of names) {
    if (found.has(name)) continue
    const short = tailedShort(name, taken, nextTail, directory)
    taken.add(short)
    found.set(name, { name, short, long: true })
  }
  return found
}

/** Names are equal when they are so in upper case, unit by unit: nothing that changes a name's length. */
function foldName(name: string): string {
  return Array.from(name, (character) => {
    const upper = character.toUpperCase()
    return upper.length === character.length ? upper : character
  }).join('')
}

function checkName(name: string, directory: string): void {
  const problem =
    name.length > MAX_UNITS
      ? `${name.length} UTF-16 units`
      : FORBIDDEN.test(name)
        ? 'a character that FAT has no place for'
        : /[. ]$/.test(name)
          ? 'a space or a dot at its end'
          : name.isWellFormed()
            ? undefined
            : 'bytes that are not Unicode'
  if (problem === undefined) return
  throw new DiskError('ROS_DISK_NAME', 'name cannot be written to FAT', {
    subject: JSON.stringify(`${directory}/${name}`),
    got: problem,
    limit: '1 … 255 UTF-16 units, none of "*/:<>?\\| and no control character, no space or dot at the end',
  })
}

/** The eleven bytes of a name that is a short name but for its case. */
function exactShort(name: string): string | undefined {
  // Other letters may have an upper case within ASCII: a dotless i is not an I.
  const match = /^([\x21-\x2d\x2f-\x7e]{1,8})(?:\.([\x21-\x2d\x2f-\x7e]{1,3}))?$/.exec(name)
  if (!match) return undefined
  const [, base = '', extension = ''] = match.map((part) => part?.toUpperCase())
  if ((base + extension).search(NOT_SHORT) >= 0) return undefined
  return base.padEnd(8) + extension.padEnd(3)
}

/** "The Basis-Name Generation Algorithm" and "The Numeric-Tail Generation Algorithm" of the specification. */
function tailedShort(
  name: string,
  taken: ReadonlySet<string>,
  nextTail: Map<string, number>,
  directory: string,
): string {
  const plain = name.toUpperCase().replaceAll(' ', '').replace(/^\.+/, '')
  const dot = plain.lastIndexOf('.')
  const shorten = (text: string, length: number) =>
    Array.from(text.replaceAll('.', ''), (character) => character.replaceAll(NOT_SHORT, '_').slice(0, 1))
      .join('')
      .slice(0, length)
  const base = shorten(dot < 0 ? plain : plain.slice(0, dot), 8)
  const extension = dot < 0 ? '' : shorten(plain.slice(dot + 1), 3)
  const key = `${base}.${extension}`
  for (let tail = nextTail.get(key) ?? 1; tail <= MAX_TAIL; tail++) {
    const end = `~${tail}`
    const short = (base.slice(0, 8 - end.length) + end).padEnd(8) + extension.padEnd(3)
    if (taken.has(short)) continue
    nextTail.set(key, tail + 1)
    return short
  }
  throw new DiskError('ROS_DISK_LIMIT', 'no short name is left', {
    subject: `${directory}/${name}`,
    limit: `${MAX_TAIL} names that begin alike`,
  })
}

/** A short name as people write it. */
export function shortText(short: string): string {
  const base = short.slice(0, 8).trimEnd()
  const extension = short.slice(8).trimEnd()
  return extension === '' ? base : `${base}.${extension}`
}
