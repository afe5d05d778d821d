import { type ByteSource, BytesError, collect, fromBytes, readAll } from '@ros/bytes'
import { decompress, type Format } from '@ros/compress'
import { type ArMember, arMembers } from './ar.ts'
import { parseParagraphs } from './deb822.ts'
import { DebianError } from './error.ts'
import { readTar } from './tar.ts'

/** A member of a .deb that holds a tar archive. */
export interface DebMember {
  readonly source: ByteSource
  /** What it is compressed with; absent when it is not. */
  readonly format?: Format
}

/** A binary package, opened: deb(5). */
export interface DebArchive {
  /** The control file's fields by name in lower case. */
  readonly control: ReadonlyMap<string, string>
  /** The files that the package installs. */
  readonly data: DebMember
}

const CONTROL_LIMIT = 67_108_864
const VERSION_LIMIT = 64

/** Reads a binary package, deb(5). `subject` names it in errors. Throws `ROS_DEBIAN_DEB`; maintainer scripts are not read. */
export async function readDeb(source: ByteSource, subject: string): Promise<DebArchive> {
  const { control, data } = await debMembers(source, subject)
  const bytes = await controlBytes(control, subject)
  const tree = await readTar(fromBytes(bytes), `${subject}, control archive`)
  const node = tree.get('control')
  if (node?.type !== 'file') throw debError(subject, 'no control file')
  const text = new TextDecoder().decode(await readAll(node.content, CONTROL_LIMIT))
  const [paragraph, ...more] = parseParagraphs(text, `${subject}, control file`)
  if (paragraph === undefined || more.length > 0) throw debError(subject, 'control file is not one paragraph')
  return { control: paragraph.fields, data }
}

async function controlBytes(control: DebMember, subject: string): Promise<Uint8Array> {
  try {
    return await collect(memberChunks(control), CONTROL_LIMIT)
  } catch (cause) {
    if (!(cause instanceof BytesError) || cause.code !== 'ROS_BYTES_LIMIT') throw cause
    throw debError(subject, 'control archive is too large', cause.got)
  }
}

/** The two archives of a .deb. Members whose name begins with `_` may stand between them, and anything after them. */
export async function debMembers(
  source: ByteSource,
  subject: string,
): Promise<{ readonly control: DebMember; readonly data: DebMember }> {
  const found: ArMember[] = []
  for await (const member of arMembers(source, subject)) {
    if (found.length > 0 && member.name.startsWith('_')) continue
    found.push(member)
    if (found.length === 3) break
  }
  const [version, control, data] = found
  if (version?.name !== 'debian-binary')
    throw debError(subject, 'first member is not debian-binary', version?.name)
  if (version.content.size > VERSION_LIMIT)
    throw debError(subject, 'debian-binary is too long', `${version.content.size} bytes`)
  const number = new TextDecoder('latin1').decode(await readAll(version.content, VERSION_LIMIT))
  if (!/^2\.\d+\n/.test(number)) throw debError(subject, 'format is not 2.x', JSON.stringify(number))
  return { control: member(control, 'control', subject), data: member(data, 'data', subject) }
}

/** The member's tar archive as it is decoded. */
export function memberChunks(member: DebMember): AsyncIterable<Uint8Array> {
  return member.format === undefined ? member.source.open() : decompress(member.source.open(), member.format)
}

const formats: ReadonlyMap<string, Format | undefined> = new Map([
  ['', undefined],
  ['.gz', 'gzip'],
  ['.xz', 'xz'],
  ['.zst', 'zstd'],
  ['.lzma', 'lzma'],
])

function member(found: ArMember | undefined, kind: 'control' | 'data', subject: string): DebMember {
  const prefix = `${kind}.tar`
  if (found === undefined) throw debError(subject, `no ${prefix} member`)
  const suffix = found.name.slice(prefix.length)
  if (!found.name.startsWith(prefix) || !formats.has(suffix)) {
    throw debError(subject, `member is not ${prefix}, plain or with .gz, .xz, .zst or .lzma`, found.name)
  }
  const format = formats.get(suffix)
  return { source: found.content, ...(format && { format }) }
}

function debError(subject: string, problem: string, got?: string): DebianError {
  return new DebianError('ROS_DEBIAN_DEB', problem, {
    subject,
    ...(got !== undefined && { got }),
    limit: 'deb(5)',
  })
}
