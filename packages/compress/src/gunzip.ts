import { u32le } from '@ros/bytes'
import { crc32, inflateRaw } from '#engine'
import { bits } from './bits.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { corruptError } from './error.ts'

/** The content of the gzip member (RFC 1952 §2.3) that starts here; the reader is left right behind it. */
export async function* gunzipMember(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  await skipHeader(reader)
  let crc = 0
  let size = 0
  for await (const chunk of inflateRaw(reader)) {
    crc = crc32(chunk, crc)
    size += chunk.length
    yield chunk
  }
  const trailer = await reader.exactly(8)
  if (u32le.read(trailer, 0, 'crc32') !== crc) throw corruptError('gzip', 'checksum differs')
  if (u32le.read(trailer, 4, 'isize') !== size % 2 ** 32) throw corruptError('gzip', 'size differs')
}

async function skipHeader(reader: ChunkReader): Promise<void> {
  const [id1, id2, method, flags = 0] = await reader.exactly(10)
  if (id1 !== 0x1f || id2 !== 0x8b) throw corruptError('gzip', 'no gzip member here')
  if (method !== 8) throw corruptError('gzip', `compression method is ${method}, not deflate`)
  if (bits(flags, 5, 3) !== 0) throw corruptError('gzip', 'reserved flags are set')
  if (bits(flags, 2, 1) === 1) {
    const [low = 0, high = 0] = await reader.exactly(2)
    await reader.exactly(low + 256 * high)
  }
  for (const text of [3, 4]) {
    if (bits(flags, text, 1) === 0) continue
    while ((await reader.exactly(1))[0] !== 0);
  }
  if (bits(flags, 1, 1) === 1) await reader.exactly(2)
}
