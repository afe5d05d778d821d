import { type ByteSource, BytesError, decodeName, slice } from '@ros/bytes'
import type { ByteWindow } from './byte-window.ts'
import { InitrdError } from './error.ts'
import {
  ALIGNMENT,
  align,
  MAGIC,
  MAGIC_CHECKSUM,
  type NewcHeader,
  newcHeader,
  PATH_MAX,
  TRAILER,
  typeOf,
} from './newc.ts'

/** An entry as it stands in an archive: nothing is checked but that it is there. */
export interface ArchiveEntry {
  /** Offset of the header in the source. */
  readonly offset: number
  readonly header: NewcHeader
  /** The name's bytes up to the first NUL; `undefined` when there is no NUL or more than PATH_MAX bytes. */
  readonly name: Uint8Array | undefined
  readonly content: ByteSource
  /** Offset behind the padded content. */
  readonly end: number
}

/**
 * The entry at `offset`. Throws `ROS_INITRD_ARCHIVE`, with the offset, for anything that is no newc header or is cut;
 * the end of an archive is an entry as well.
 */
export async function readEntry(
  source: ByteSource,
  window: ByteWindow,
  offset: number,
): Promise<ArchiveEntry> {
  const bytes = await window.bytes(offset, newcHeader.size)
  const header = decodeHeader(bytes, offset)
  const nameOffset = offset + newcHeader.size
  const contentOffset = align(nameOffset + header.nameSize, ALIGNMENT)
  const contentEnd = contentOffset + header.fileSize
  if (contentEnd > source.size) {
    throw archiveError(
      'archive is cut inside an entry',
      offset,
      `${source.size} bytes`,
      `${contentEnd} needed`,
    )
  }
  let name: Uint8Array | undefined
  if (header.nameSize <= PATH_MAX) {
    const stored = await window.bytes(nameOffset, header.nameSize)
    const nul = stored.indexOf(0)
    if (nul >= 0) name = stored.slice(0, nul)
  }
  const content = slice(source, contentOffset, header.fileSize)
  return { offset, header, name, content, end: align(contentEnd, ALIGNMENT) }
}

/** Whether this entry ends its archive; a symlink of that name, and one with content that is no file, do not. */
export function isTrailer({ name, header }: ArchiveEntry): boolean {
  if (name?.length !== TRAILER.length || decodeName(name) !== TRAILER) return false
  const type = typeOf(header.mode)
  return type === 'file' || (type !== 'symlink' && header.fileSize === 0)
}

/** Throws `ROS_INITRD_ARCHIVE` when a 070702 entry's bytes do not sum to what its header says. */
export async function checkSum({ header, content, offset }: ArchiveEntry): Promise<void> {
  if (header.magic !== MAGIC_CHECKSUM) return
  const sum = await byteSum(content)
  if (sum !== header.check) {
    throw archiveError(
      'content has another sum than its header says',
      offset,
      String(sum),
      String(header.check),
    )
  }
}

/** What a 070702 header says of its content: the sum of all bytes, in 32 bits. */
export async function byteSum(content: ByteSource): Promise<number> {
  let sum = 0
  for await (const chunk of content.open()) {
    for (const byte of chunk) sum += byte
    sum %= 2 ** 32
  }
  return sum
}

function decodeHeader(bytes: Uint8Array, offset: number): NewcHeader {
  try {
    const header = newcHeader.decode(bytes)
    if (header.magic === MAGIC || header.magic === MAGIC_CHECKSUM) return header
    throw archiveError(
      'no newc header',
      offset,
      JSON.stringify(header.magic),
      `${MAGIC} or ${MAGIC_CHECKSUM}`,
    )
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
    throw archiveError(
      cause.code === 'ROS_BYTES_SHORT' ? 'archive is cut inside a header' : 'broken header',
      offset,
      cause.message,
      undefined,
      cause,
    )
  }
}

export function archiveError(
  problem: string,
  offset: number,
  got?: string,
  limit?: string,
  cause?: unknown,
): InitrdError {
  return new InitrdError('ROS_INITRD_ARCHIVE', problem, {
    subject: `offset ${offset}`,
    ...(got !== undefined && { got }),
    ...(limit !== undefined && { limit }),
    ...(cause !== undefined && { cause }),
  })
}
