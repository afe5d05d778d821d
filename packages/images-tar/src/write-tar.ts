import { type Pack, pack } from 'tar-stream'
import { paxBody } from './pax.ts'
import { entryError, type TarEntry, tarHeader } from './tar-entry.ts'

type Sink = ReturnType<Pack['entry']>

const CHUNK = 1_048_576
const GATHER = 262_144

// tar-stream writes this type, though its declarations do not list it.
const paxHeader = 'pax-header' as 'file'

export interface WriteTarOptions {
  /** A chunk's memory is used again once the next chunk is asked for. */
  readonly reuseBuffers?: boolean
}

/** A pax tar archive of the entries in the order given. Nothing in it comes from the clock or the running system. */
export async function* writeTar(
  entries: Iterable<TarEntry>,
  options: WriteTarOptions = {},
): AsyncIterable<Uint8Array> {
  const stream = pack()
  const fed = feed(stream, entries, options.reuseBuffers === true ? new Ring() : undefined)
  try {
    yield* gather(stream as AsyncIterable<Uint8Array>)
    await fed
  } finally {
    stream.destroy()
    await fed.catch(() => undefined)
  }
}

async function feed(stream: Pack, entries: Iterable<TarEntry>, ring: Ring | undefined): Promise<void> {
  try {
    for (const entry of entries) {
      if (stream.destroyed) return
      await writeEntry(stream, entry, ring)
    }
    stream.finalize()
  } catch (error) {
    stream.destroy(error as Error)
    throw error
  }
}

async function writeEntry(stream: Pack, entry: TarEntry, ring: Ring | undefined): Promise<void> {
  const { name, linkname, uid, gid, mtime, records } = tarHeader(entry)
  if (records.size > 0) await writePax(stream, paxBody(records))
  const size = entry.type === 'file' ? (entry.size ?? 0) : 0
  const header = {
    name,
    type: entry.type,
    // tar-stream reads mode 0 as "not given"; the type bit keeps it from that and is masked off when written.
    mode: entry.mode + 0o100000,
    uid,
    gid,
    mtime: new Date(mtime * 1000),
    size,
    ...(linkname !== undefined && { linkname }),
    ...(entry.major !== undefined && { devmajor: entry.major }),
    ...(entry.minor !== undefined && { devminor: entry.minor }),
  }
  await new Promise<void>((resolve, reject) => {
    const sink = stream.entry(header, (error) => (error ? reject(error) : resolve()))
    // The same error reaches us through the callback; unheard here it would end the program.
    sink.on('error', () => undefined)
    if (entry.type === 'file') writeContent(sink, entry, size, ring).catch(reject)
  })
}

/**
 * tar-stream makes pax values from strings, which cannot carry a capability's bytes. So the body is ours, whole blocks
 * long, and goes out right behind a header without content.
 */
async function writePax(stream: Pack, body: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const header = { name: 'PaxHeader', type: paxHeader, mode: 0o644, uid: 0, gid: 0 }
    stream.entry({ ...header, mtime: new Date(0), size: body.length }, (error) =>
      error ? reject(error) : resolve(),
    )
  })
  stream.push(body)
}

async function writeContent(
  sink: Sink,
  entry: TarEntry,
  size: number,
  ring: Ring | undefined,
): Promise<void> {
  const { content } = entry
  let written = 0
  for await (const chunk of content === undefined ? [] : contentChunks(content, size, ring)) {
    written += chunk.length
    if (written > size) break
    if (!sink.write(chunk)) await drained(sink)
    if (sink.destroyed) return
  }
  if (written !== size) {
    throw entryError(
      entry.path,
      'content has another length than its size',
      `${written} bytes`,
      `${size} bytes`,
    )
  }
  sink.end(undefined)
}

/** Content in large chunks. The stream keeps a chunk after the next one is read. */
async function* contentChunks(
  content: NonNullable<TarEntry['content']>,
  size: number,
  ring: Ring | undefined,
): AsyncIterable<Uint8Array> {
  if (!content.readInto) {
    yield* content.open()
    return
  }
  for (let offset = 0; offset < size; offset += CHUNK) {
    const length = Math.min(CHUNK, size - offset)
    const chunk = length === CHUNK && ring ? ring.next() : new Uint8Array(length)
    content.readInto(chunk, offset)
    yield chunk
  }
}

/**
 * Memory for whole chunks. One is larger than all that tar-stream takes in advance, so at most one is at the reader, one is waiting and one is being
 * filled. Smaller ones, of which it queues many, have memory of their own.
 */
class Ring {
  readonly #buffers: Uint8Array[] = []
  #at = 0

  next(): Uint8Array {
    this.#at = (this.#at + 1) % 4
    return (this.#buffers[this.#at] ??= new Uint8Array(CHUNK))
  }
}

async function drained(sink: Sink): Promise<void> {
  await new Promise<void>((resolve) => {
    const settle = () => {
      sink.off('drain', settle)
      sink.off('close', settle)
      resolve()
    }
    sink.on('drain', settle)
    sink.on('close', settle)
  })
}

/** Joins headers, padding and small files into larger chunks; large chunks pass through uncopied. */
async function* gather(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let buffer = new Uint8Array(GATHER)
  let filled = 0
  for await (const chunk of chunks) {
    if (filled + chunk.length > GATHER) {
      if (filled > 0) yield buffer.subarray(0, filled)
      if (filled > 0) buffer = new Uint8Array(GATHER)
      filled = 0
    }
    if (chunk.length >= GATHER) yield chunk
    else {
      buffer.set(chunk, filled)
      filled += chunk.length
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}
