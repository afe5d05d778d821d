import type { ByteSource } from '@ros/bytes'
import { decompressMember, detectFormat, type Format, MAGIC_SIZE } from '@ros/compress'
import type { Tree } from '@ros/tree'
import { ByteWindow } from './byte-window.ts'
import { chunkedSource } from './chunked-source.ts'
import { InitrdError } from './error.ts'
import { ALIGNMENT } from './newc.ts'
import { archiveError, isTrailer, readEntry } from './read-archive.ts'
import { type DroppedEntry, type EntryOrigin, Unpacker } from './unpacker.ts'

/** A run of the initrd that the kernel takes in one piece: an archive, or compressed bytes that hold archives. */
export interface InitrdSegment {
  readonly compression: 'none' | Format
  /** Where it stands, in bytes; zeros that follow are not counted. */
  readonly offset: number
  readonly size: number
  /** Length of the uncompressed archives, with the zeros after them. */
  readonly contentSize: number
  /** Number of entries, those that are dropped counted, those that end an archive not. */
  readonly entries: number
}

/** What an initrd holds. */
export interface InitrdContents {
  /** What stands on the root after unpacking. Contents of files are slices of the source, or of segments in memory. */
  readonly tree: Tree
  readonly segments: readonly InitrdSegment[]
  readonly dropped: readonly DroppedEntry[]
  /** Where the entry stands that made what is at each path of the tree, or changed it last; '' is the root. */
  readonly origins: ReadonlyMap<string, EntryOrigin>
}

/** Bounds of the reader. */
export interface ReadInitrdOptions {
  /** Compressed segments are unpacked into memory: this many bytes at the most, all together. Default 1 GiB. */
  readonly memoryLimit?: number
  /** Keeps the content of a compressed segment elsewhere than in memory; `memoryLimit` does not count for it then. */
  readonly store?: (chunks: AsyncIterable<Uint8Array>) => Promise<ByteSource>
}

/**
 * Reads archives one after the other, compressed or not, as Linux unpacks them on an empty root: later entries over
 * earlier ones, through symlinks, dropping what it drops. Throws `ROS_INITRD_ARCHIVE` where Linux would say
 * "Initramfs unpacking failed" or not notice that an archive is cut, `ROS_INITRD_LIMIT`, and the errors of
 * `@ros/compress`: bzip2 is not read.
 */
export async function readInitrd(
  source: ByteSource,
  options: ReadInitrdOptions = {},
): Promise<InitrdContents> {
  const store = segmentStore(options)
  const unpacker = new Unpacker()
  const segments: InitrdSegment[] = []
  const window = new ByteWindow(source)

  for (let offset = await window.skipZeros(0); offset < source.size; ) {
    unpacker.startSegment()
    if ((await startsArchive(window, offset)) && offset % ALIGNMENT === 0) {
      const { end, entries } = await unpackArchive(source, window, offset, unpacker)
      segments.push({ compression: 'none', offset, size: end - offset, contentSize: end - offset, entries })
      offset = await nextAfterArchive(source, window, end)
    } else {
      const format = await formatAt(window, offset)
      const { content, size } = await unpackMember(source, offset, format, (chunks) => store(chunks, offset))
      const entries = await unpackContent(content, unpacker, offset)
      segments.push({ compression: format, offset, size, contentSize: content.size, entries })
      offset = await window.skipZeros(offset + size)
    }
  }
  const { files, dropped } = unpacker
  return { tree: files.toTree(), segments, dropped, origins: unpacker.origins() }
}

/** All archives in the content of a compressed segment, where a missing end is an error. Gives the number of entries. */
async function unpackContent(content: ByteSource, unpacker: Unpacker, segment: number): Promise<number> {
  const window = new ByteWindow(content)
  let count = 0
  for (let offset = 0; offset < content.size; ) {
    const { end, entries, ended } = await unpackArchive(content, window, offset, unpacker)
    if (!ended) throw archiveError('compressed archive has no end', segment)
    count += entries
    offset = await nextAfterArchive(content, window, end)
  }
  return count
}

/** The archive at `offset`. An uncompressed one may stop without its last entry, where the source ends. */
async function unpackArchive(
  source: ByteSource,
  window: ByteWindow,
  start: number,
  unpacker: Unpacker,
): Promise<{ end: number; entries: number; ended: boolean }> {
  let entries = 0
  let offset = start
  while (offset < source.size) {
    const entry = await readEntry(source, window, offset)
    offset = Math.min(entry.end, source.size)
    if (isTrailer(entry)) {
      unpacker.endArchive()
      return { end: offset, entries, ended: true }
    }
    await unpacker.unpack(entry)
    entries++
  }
  return { end: offset, entries, ended: false }
}

/** Where the next segment starts. It may be off a border of 4 bytes only behind a compressed segment. */
async function nextAfterArchive(source: ByteSource, window: ByteWindow, end: number): Promise<number> {
  const next = await window.skipZeros(end)
  if (next < source.size && next % ALIGNMENT !== 0) {
    throw archiveError(
      'broken padding behind an archive',
      next,
      undefined,
      'the next one starts at a multiple of 4',
    )
  }
  return next
}

async function startsArchive(window: ByteWindow, offset: number): Promise<boolean> {
  return (await window.bytes(offset, 1))[0] === 0x30
}

async function formatAt(window: ByteWindow, offset: number): Promise<Format> {
  if (await startsArchive(window, offset)) {
    throw archiveError('archive off its border', offset, undefined, 'it starts at a multiple of 4')
  }
  const format = detectFormat(await window.bytes(offset, MAGIC_SIZE))
  if (!format) throw archiveError('neither an archive nor compressed in a known way', offset)
  return format
}

/** Decompresses the segment at `offset`; `size` is that of its compressed bytes. */
export async function unpackMember(
  source: ByteSource,
  offset: number,
  format: Format,
  store: (chunks: AsyncIterable<Uint8Array>) => Promise<ByteSource>,
): Promise<{ content: ByteSource; size: number }> {
  let size: number | undefined
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    size = yield* decompressMember(source.open(offset), format)
  }
  const content = await store(chunks())
  if (size === undefined) throw new Error('a segment was not read to its end before it was stored')
  return { content, size }
}

/** Where the content of segments goes: to the caller's store, or to memory up to the limit for all of them. */
export function segmentStore(
  options: ReadInitrdOptions,
): (chunks: AsyncIterable<Uint8Array>, offset: number) => Promise<ByteSource> {
  const { store } = options
  if (store) return (chunks) => store(chunks)
  let left = options.memoryLimit ?? 2 ** 30
  return async (chunks, offset) => {
    const content = await inMemory(chunks, offset, left)
    left -= content.size
    return content
  }
}

async function inMemory(
  given: AsyncIterable<Uint8Array>,
  offset: number,
  limit: number,
): Promise<ByteSource> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of given) {
    size += chunk.length
    if (size > limit) {
      throw new InitrdError('ROS_INITRD_LIMIT', 'compressed segments hold too much for memory', {
        subject: `offset ${offset}`,
        got: `${size} bytes or more`,
        limit: `${limit} bytes left`,
        hint: 'allow more with memoryLimit',
      })
    }
    chunks.push(chunk)
  }
  return chunkedSource(chunks)
}
