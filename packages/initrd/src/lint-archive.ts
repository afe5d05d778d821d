import { type ByteSource, BytesError, decodeName } from '@ros/bytes'
import type { ByteWindow } from './byte-window.ts'
import { InitrdError } from './error.ts'
import { ArchiveHistory } from './lint-history.ts'
import { type EntryPlace, type InitrdFinding, type InitrdRule, initrdFinding } from './lint-rules.ts'
import { ALIGNMENT, align, FIELD_MAX, MAGIC, MAGIC_CHECKSUM, newcHeader, PATH_MAX, typeOf } from './newc.ts'
import { type ArchiveEntry, isTrailer, readEntry } from './read-archive.ts'
import { LINK_EMPTY, type Unpacker } from './unpacker.ts'

export interface LintedArchive {
  /** Where to go on; undefined when what follows cannot be found. */
  readonly end: number | undefined
  readonly ended: boolean
  /** Whether all of it stands below `kernel/`: the archive of early microcode and tables. */
  readonly early: boolean
  readonly names: readonly string[]
}

/** Checks one archive entry by entry. Gives the findings; the return value tells how it ended. */
export async function* lintArchive(
  source: ByteSource,
  window: ByteWindow,
  start: number,
  segment: number | undefined,
  unpacker: Unpacker,
): AsyncGenerator<InitrdFinding, LintedArchive> {
  const history = new ArchiveHistory()
  const names: string[] = []
  const result = (end: number | undefined, ended: boolean): LintedArchive => ({
    end,
    ended,
    early: names.length > 0 && names.every((name) => /^(\.|(\.\/)?kernel(\/.*)?|early_cpio)$/.test(name)),
    names,
  })
  for (let offset = start; offset < source.size; ) {
    const place: EntryPlace = { segment, offset }
    const header = await lintHeader(source, window, place)
    if (header !== undefined) {
      yield header
      return result(undefined, true)
    }
    const entry = await readEntry(source, window, offset)
    if (isTrailer(entry)) {
      unpacker.endArchive()
      return result(Math.min(entry.end, source.size), true)
    }
    const name = entry.name === undefined ? '' : decodeName(entry.name)
    names.push(name)
    const at = (rule: InitrdRule, message: string) =>
      initrdFinding(rule, place, name || `entry ${names.length}`, message)
    yield* lintName(entry, at)
    yield* await history.check(entry, at)
    yield* await lintUnpacking(entry, unpacker, at)

    const contentEnd = entry.content.size + (entry.end - align(entry.content.size, ALIGNMENT))
    const unpadded = await unpaddedEnd(window, source, entry, offset)
    if (unpadded !== undefined) {
      yield at('newc/data-padding', `the next header is at ${unpadded}, not at ${entry.end}`)
      offset = unpadded
    } else if (entry.end > source.size && contentEnd <= source.size) {
      yield at('newc/data-padding', 'the archive ends without filling up the last content')
      return result(source.size, false)
    } else offset = Math.min(entry.end, source.size)
  }
  return result(source.size, false)
}

type At = (rule: InitrdRule, message: string) => InitrdFinding

/** A finding when there is no whole entry at the place. */
async function lintHeader(
  source: ByteSource,
  window: ByteWindow,
  place: EntryPlace,
): Promise<InitrdFinding | undefined> {
  const { offset } = place
  const bytes = (await window.bytes(offset, newcHeader.size)).slice()
  const subject = `header at ${offset}`
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length))
  const known = [MAGIC, MAGIC_CHECKSUM]
  if (bytes.length >= MAGIC.length && !known.includes(magic))
    return initrdFinding(
      'newc/magic',
      place,
      subject,
      `magic ${JSON.stringify(magic)} is not ${known.join(' or ')}`,
    )
  if (bytes.length < newcHeader.size)
    return initrdFinding(
      'newc/truncated',
      place,
      subject,
      `${bytes.length} of ${newcHeader.size} bytes are there`,
    )
  try {
    const { nameSize, fileSize } = newcHeader.decode(bytes)
    const end = align(offset + newcHeader.size + nameSize, ALIGNMENT) + fileSize
    if (end <= source.size) return undefined
    return initrdFinding(
      'newc/truncated',
      place,
      subject,
      `its entry ends at ${end}, the archive at ${source.size}`,
    )
  } catch (error) {
    if (!(error instanceof BytesError)) throw error
    return initrdFinding('newc/hex', place, subject, error.message)
  }
}

function* lintName({ name, header }: ArchiveEntry, at: At): Generator<InitrdFinding> {
  if (name === undefined) {
    if (header.nameSize > PATH_MAX)
      yield at('newc/name-length', `name of ${header.nameSize} bytes, ${PATH_MAX} at the most`)
    else yield at('newc/name-nul', `no NUL in ${header.nameSize} bytes of name`)
    return
  }
  if (header.nameSize > name.length + 1)
    yield at(
      'newc/name-padding',
      `name of ${name.length} bytes is said to have ${header.nameSize} with its NUL`,
    )
  const text = decodeName(name)
  if (text.startsWith('/'))
    yield at('newc/name-absolute', 'cpio would unpack it outside the directory it runs in')
  if (text.split('/').includes('..')) yield at('newc/name-escape', 'the name leads out of its directory')
}

/** What the kernel would do with the entry. */
async function lintUnpacking(entry: ArchiveEntry, unpacker: Unpacker, at: At): Promise<InitrdFinding[]> {
  const before = unpacker.dropped.length
  try {
    await unpacker.unpack(entry)
  } catch (error) {
    if (!(error instanceof InitrdError)) throw error
    return [at('newc/checksum', error.message)]
  }
  const dropped = unpacker.dropped[before]
  if (!dropped || entry.name === undefined) return []
  if (dropped.reason === LINK_EMPTY)
    return [at('newc/symlink-empty', 'the kernel makes a link that leads nowhere')]
  return [at(ruleOf(entry, dropped.reason), `the kernel leaves it out: ${dropped.reason}`)]
}

function ruleOf({ header, content }: ArchiveEntry, reason: string): InitrdRule {
  const type = typeOf(header.mode)
  if (type === undefined) return 'newc/type'
  if (type !== 'file' && type !== 'symlink' && content.size > 0) return 'newc/special-data'
  if (reason === 'its directory is not there') return 'newc/parent'
  return reason.endsWith('bytes') ? 'newc/name-length' : 'newc/dropped'
}

/** Where the next header stands when this entry's content or name was not filled up; undefined when all is well. */
async function unpaddedEnd(
  window: ByteWindow,
  source: ByteSource,
  entry: ArchiveEntry,
  offset: number,
): Promise<number | undefined> {
  const isHeader = async (at: number) =>
    at + MAGIC.length <= source.size &&
    /^07070[12]$/.test(String.fromCharCode(...(await window.bytes(at, MAGIC.length))))
  if (entry.end < source.size && (await isHeader(entry.end))) return undefined
  const { nameSize, fileSize } = entry.header
  if (nameSize > FIELD_MAX || fileSize > FIELD_MAX) return undefined
  const nameEnd = offset + newcHeader.size + nameSize
  const padded = align(nameEnd, ALIGNMENT) + fileSize
  for (const end of [padded, nameEnd + fileSize]) if (end !== entry.end && (await isHeader(end))) return end
  return undefined
}
