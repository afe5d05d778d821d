import { createInflateRaw } from 'node:zlib'
import type { ChunkReader } from './chunk-reader.ts'
import { runEngine } from './run-engine.ts'

const CHUNK = 65_536

/** The content of the deflate stream (RFC 1951) that starts here; the reader is left right behind it. */
export function inflateRaw(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const takeBack = (chunk: Uint8Array, used: number) => reader.unread(chunk.subarray(used))
  return runEngine(createInflateRaw({ chunkSize: CHUNK }), 'gzip', reader.rest(), takeBack)
}
