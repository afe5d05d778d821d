import { type ByteSource, collect, decodeName, slice } from '@ros/bytes'
import { normalizePath, parentPath } from '@ros/tree'
import { paxRecords } from './pax-records.ts'
import { archiveError, BLOCK, decodeTarHeader, text } from './tar-header.ts'

const MAX_EXTENSION = 1_048_576
const MAX_MEMBERS = 1_000_000
const MAX_LINKS = 16

/** The files of a tar archive by path; nothing of their content is read. */
export interface TarIndex {
  /** The file at a path, symbolic and hard links followed inside the archive; undefined when there is none. */
  file(path: string): ByteSource | undefined
  /** Where the content of that file begins in the archive. */
  offset(path: string): number | undefined
  readonly paths: readonly string[]
}

/** Walks the headers of an uncompressed tar (ustar, pax, GNU). Of members with one name the last counts, as in tar. */
export async function indexTar(source: ByteSource): Promise<TarIndex> {
  const files = new Map<string, ByteSource>()
  const links = new Map<string, string>()
  const offsets = new Map<ByteSource, number>()
  let extension: { path?: string; linkpath?: string; size?: number } = {}
  let members = 0
  for (let offset = 0; offset + BLOCK <= source.size; ) {
    const member = decodeTarHeader(await readAt(source, offset, BLOCK), offset)
    if (!member) break
    if (++members > MAX_MEMBERS)
      throw archiveError('archive', 'too many members', String(members), String(MAX_MEMBERS))
    const start = offset + BLOCK
    const size = holdsContent(member.type) ? (extension.size ?? member.size) : 0
    if (start + size > source.size) {
      const left = `${source.size - start} bytes left`
      throw archiveError(member.name, 'archive is cut', left, `${size} bytes of content`)
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK
    if ('xLKg'.includes(member.type)) {
      if (size > MAX_EXTENSION)
        throw archiveError(member.name, 'extended header is too large', String(size), String(MAX_EXTENSION))
      const body = await readAt(source, start, size)
      if (member.type === 'x') extension = { ...extension, ...paxFields(body, member.name) }
      if (member.type === 'L') extension = { ...extension, path: text(body) }
      if (member.type === 'K') extension = { ...extension, linkpath: text(body) }
      continue
    }
    const path = inside(extension.path ?? member.name)
    const linkname = extension.linkpath ?? member.linkname
    extension = {}
    files.delete(path)
    links.delete(path)
    if (member.type === '0' || member.type === '7') {
      const content = slice(source, start, size)
      files.set(path, content)
      offsets.set(content, start)
    }
    if (member.type === '1') links.set(path, inside(linkname))
    if (member.type === '2') links.set(path, resolveLink(path, linkname))
  }
  const file = (path: string): ByteSource | undefined => {
    let at = inside(path)
    for (let hops = 0; hops <= MAX_LINKS; hops++) {
      const target = links.get(at)
      if (target === undefined) return files.get(at)
      at = target
    }
    throw archiveError(path, 'links lead nowhere', `more than ${MAX_LINKS} links`)
  }
  const offset = (path: string) => {
    const found = file(path)
    return found && offsets.get(found)
  }
  return { file, offset, paths: [...files.keys(), ...links.keys()] }
}

/** Bytes at an offset, by the fast path where there is one. */
export async function readAt(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  if (!source.readInto) return await collect(source.open(offset, length), length)
  const bytes = new Uint8Array(length)
  source.readInto(bytes, offset)
  return bytes
}

/** Links, devices, directories and fifos have no content, whatever their size field says. */
export function holdsContent(type: string): boolean {
  return !'123456'.includes(type)
}

export function paxFields(
  body: Uint8Array,
  subject: string,
): { path?: string; linkpath?: string; size?: number } {
  const fields: { path?: string; linkpath?: string; size?: number } = {}
  for (const [key, bytes] of paxRecords(body, subject)) {
    const value = decodeName(bytes)
    if (key === 'path') fields.path = value
    if (key === 'linkpath') fields.linkpath = value
    if (key === 'size') {
      fields.size = Number(value)
      if (!/^\d+$/.test(value) || !Number.isSafeInteger(fields.size))
        throw archiveError(subject, 'pax size is malformed', value)
    }
  }
  return fields
}

function resolveLink(path: string, target: string): string {
  const parts: string[] = parentPath(path).split('/')
  if (target.startsWith('/')) throw archiveError(path, 'link leads out of the archive', target)
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.filter((name) => name !== '').length > 0) parts.pop()
    else throw archiveError(path, 'link leads out of the archive', target)
  }
  return inside(parts.filter((name) => name !== '').join('/'))
}

export function inside(name: string): string {
  try {
    return normalizePath(name)
  } catch (cause) {
    const error = archiveError(JSON.stringify(name), 'name leads out of the archive')
    error.cause = cause
    throw error
  }
}
