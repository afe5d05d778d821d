import { u16be } from '@ros/bytes'
import { bits } from './bits.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { corruptError } from './error.ts'

// The .xz File Format, version 1.2.1; LZMA2 chunks as in liblzma and the Linux kernel's xz_dec_lzma2.c.
const HEADER_MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]

/**
 * The bytes of the xz stream that starts here (§2), as they are: the reader is left right behind its footer. The
 * stream is only walked, by the lengths of its LZMA2 chunks; proving it is for the decoder.
 */
export async function* xzStream(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const header = yield* reader.copy(12)
  if (HEADER_MAGIC.some((byte, i) => header[i] !== byte)) throw corruptError('xz', 'no xz stream here')
  const checkSize = checkSizes[bits(header[7] ?? 0, 0, 4)] ?? 0

  for (;;) {
    const [size = 0] = yield* reader.copy(1)
    if (size === 0) break
    yield* reader.copy(size * 4 + 3) // §3.1.1: real header size is (size + 1) * 4
    const dataSize = yield* lzma2Chunks(reader)
    yield* reader.copy(padding(dataSize) + checkSize)
  }
  yield* index(reader)
  yield* reader.copy(12)
}

/** Size of the Check field by its id (§2.1.1.2). */
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]

async function* lzma2Chunks(reader: ChunkReader): AsyncGenerator<Uint8Array, number> {
  for (let total = 1; ; ) {
    const [control = 0] = yield* reader.copy(1)
    if (control === 0) return total
    if (control > 2 && control < 0x80) throw corruptError('xz', 'broken LZMA2 chunk')
    // Uncompressed chunks have one 16-bit size; compressed ones two, the second that of the data, and from 0xC0 on
    // a byte of properties.
    const compressed = control >= 0x80
    const sizes = yield* reader.copy(compressed ? 4 : 2)
    const data = u16be.read(sizes, compressed ? 2 : 0, 'LZMA2 chunk size') + (control >= 0xc0 ? 2 : 1)
    yield* reader.pass(data)
    total += 1 + sizes.length + data
  }
}

/** Index (§4) after its first byte, which looked like a block header of size zero. */
async function* index(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  let size = 1
  const [records, countSize] = yield* number(reader)
  size += countSize
  for (let left = records * 2; left > 0; left--) size += (yield* number(reader))[1]
  yield* reader.copy(padding(size) + 4)
}

/** A multibyte integer (§1.2): its value, and its size in bytes. */
async function* number(reader: ChunkReader): AsyncGenerator<Uint8Array, [value: number, size: number]> {
  let value = 0
  for (let size = 1; size <= 9; size++) {
    const [byte = 0] = yield* reader.copy(1)
    value += bits(byte, 0, 7) * 128 ** (size - 1)
    if (byte < 0x80) return [value, size]
  }
  throw corruptError('xz', 'integer in the index is too long')
}

const padding = (size: number) => (4 - (size % 4)) % 4
