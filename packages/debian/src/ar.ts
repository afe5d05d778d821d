import { ascii, type ByteSource, readAll, record, slice } from '@ros/bytes'
import { DebianError } from './error.ts'

/** One file of an ar archive. */
export interface ArMember {
  readonly name: string
  readonly content: ByteSource
}

const MAGIC = '!<arch>\n'

/** Member header, deb(5) and ar(5): text fields padded with spaces. */
const memberHeader = record(
  'ar member header',
  [
    ['name', ascii(16, ' ')],
    ['mtime', ascii(12, ' ')],
    ['uid', ascii(6, ' ')],
    ['gid', ascii(6, ' ')],
    ['mode', ascii(8, ' ')],
    ['size', ascii(10, ' ')],
    ['end', ascii(2)],
  ],
  60,
)

/** The members of an ar archive in their order. Throws `ROS_DEBIAN_DEB` when it is none, or is cut. */
export async function* arMembers(source: ByteSource, subject: string): AsyncIterable<ArMember> {
  const at = async (offset: number, length: number) => {
    if (offset + length > source.size) throw arError(subject, 'archive is cut', `${source.size} bytes`)
    return readAll(slice(source, offset, length), length)
  }
  const magic = new TextDecoder('latin1').decode(await at(0, MAGIC.length))
  if (magic !== MAGIC) throw arError(subject, 'not an ar archive', JSON.stringify(magic))
  for (let offset = MAGIC.length; offset < source.size; ) {
    const header = memberHeader.decode(await at(offset, memberHeader.size))
    const start = offset + memberHeader.size
    if (header.end !== '`\n' || !/^\d+$/.test(header.size)) {
      throw arError(subject, 'damaged member header', `offset ${offset}`)
    }
    const size = Number(header.size)
    if (start + size > source.size) throw arError(subject, 'archive is cut', `${source.size} bytes`)
    // GNU ar ends names with a slash.
    yield { name: header.name.replace(/\/$/, ''), content: slice(source, start, size) }
    offset = start + size + (size % 2)
  }
}

function arError(subject: string, problem: string, got: string): DebianError {
  return new DebianError('ROS_DEBIAN_DEB', problem, { subject, got, limit: 'deb(5)' })
}
