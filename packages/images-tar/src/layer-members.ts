import { type ByteSource, decodeName } from '@ros/bytes'
import { paxRecords } from './pax-records.ts'
import {
  archiveError,
  BLOCK,
  decodeTarHeader,
  decodeTarMetadata,
  type TarMetadata,
  untilNul,
} from './tar-header.ts'
import { readAt } from './tar-index.ts'

const MAX_EXTENSION = 1_048_576

/** A member of a layer's tar, with what its pax and GNU headers say put over its own. */
export interface LayerMember extends TarMetadata {
  /** Type flag as a character: '0' file, '1' hard link, '2' symbolic link, … */
  readonly type: string
  readonly xattrs: ReadonlyMap<string, Uint8Array>
  /** Content: where it begins, and its length in bytes; 0 for what has none. */
  readonly offset: number
  readonly size: number
}

type Words = Map<string, Uint8Array>

/** The members of an uncompressed tar (ustar, pax, GNU) in their order. Throws `ROS_IMAGES_TAR_ARCHIVE`. */
export async function* layerMembers(source: ByteSource): AsyncIterable<LayerMember> {
  let words: Words = new Map()
  for (let offset = 0; offset + BLOCK <= source.size; ) {
    const block = await readAt(source, offset, BLOCK)
    const header = decodeTarHeader(block, offset)
    if (!header) return
    const start = offset + BLOCK
    const { type } = header
    if ('xgLK'.includes(type)) {
      const body = await extension(source, start, header.size, header.name)
      if (type === 'L') words.set('path', untilNul(body))
      else if (type === 'K') words.set('linkpath', untilNul(body))
      else if (type === 'g') yield globalMember(block, start + header.size)
      // An empty value takes the word back.
      else
        for (const [key, value] of paxRecords(body, header.name)) if (value.length > 0) words.set(key, value)
      offset = start + Math.ceil(header.size / BLOCK) * BLOCK
      continue
    }
    const member = withWords(block, type, header.size, words, start)
    words = new Map()
    if (start + member.size > source.size) {
      throw archiveError(
        member.name,
        'archive is cut',
        `${source.size - start} bytes left`,
        `${member.size} bytes of content`,
      )
    }
    yield member
    offset = start + Math.ceil(member.size / BLOCK) * BLOCK
  }
}

async function extension(source: ByteSource, start: number, size: number, name: string): Promise<Uint8Array> {
  if (size > MAX_EXTENSION) {
    throw archiveError(name, 'extended header is too large', String(size), String(MAX_EXTENSION))
  }
  if (start + size > source.size)
    throw archiveError(name, 'archive is cut', `${source.size - start} bytes left`)
  return await readAt(source, start, size)
}

/** Go's reader, which docker uses, hands a global header out as a member without content and heeds none of its words. */
function globalMember(block: Uint8Array, end: number): LayerMember {
  const metadata = decodeTarMetadata(block, 'global header')
  return { ...metadata, type: 'g', xattrs: new Map(), offset: end, size: 0 }
}

function withWords(
  block: Uint8Array,
  type: string,
  given: number,
  words: Words,
  offset: number,
): LayerMember {
  const own = decodeTarMetadata(block, `byte ${offset - BLOCK}`)
  const name = textOf(words, 'path') ?? own.name
  if (!'01234567'.includes(type) || [...words.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    throw archiveError(name, 'member is of a type that a layer must not have', JSON.stringify(type))
  }
  const size = numberOf(words, 'size', name) ?? given
  const holdsContent = type === '0' || type === '7'
  if (!holdsContent && size > 0) throw archiveError(name, 'member has content and must not', `${size} bytes`)
  if (holdsContent && name.endsWith('/')) throw archiveError(name, 'file has the name of a directory')
  const xattrs = new Map<string, Uint8Array>()
  for (const [key, value] of words) {
    if (key.startsWith('SCHILY.xattr.')) xattrs.set(key.slice('SCHILY.xattr.'.length), value)
  }
  return {
    ...own,
    name,
    linkname: textOf(words, 'linkpath') ?? own.linkname,
    uid: numberOf(words, 'uid', name) ?? own.uid,
    gid: numberOf(words, 'gid', name) ?? own.gid,
    mtime: Math.floor(numberOf(words, 'mtime', name) ?? own.mtime),
    type,
    xattrs,
    offset,
    size,
  }
}

function textOf(words: Words, key: string): string | undefined {
  const value = words.get(key)
  return value && decodeName(value)
}

function numberOf(words: Words, key: string, subject: string): number | undefined {
  const value = textOf(words, key)
  if (value === undefined) return undefined
  const pattern = key === 'mtime' ? /^-?\d+(\.\d*)?$/ : /^\d+$/
  if (pattern.test(value) && Number.isSafeInteger(Math.floor(Number(value)))) return Number(value)
  throw archiveError(subject, `pax ${key} is malformed`, JSON.stringify(value))
}
