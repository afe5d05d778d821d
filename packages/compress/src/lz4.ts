import { u32le } from '@ros/bytes'
import { blocks, type Chunks } from './blocks.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { CompressError, corruptError, truncatedError } from './error.ts'
import { Lz4Encoder, lz4Bound, lz4Decode } from './lz4-block.ts'

/** LZ4 Frame Format Description, "Legacy frame": the magic, then blocks of 8 MiB, each behind its compressed length. */
const MAGIC = 0x184c2102
const FRAME_MAGIC = 0x184d2204
const BLOCK = 8 * 1_048_576

/**
 * lz4's legacy frame, as `lz4 -l` writes it: the only form of lz4 that Linux unpacks. It has neither a checksum nor an
 * end: what follows it in an initramfs needs four zero bytes before it. There are no levels. The bytes depend on the input alone.
 */
export async function* lz4(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  const encoder = new Lz4Encoder()
  yield number(MAGIC)
  for await (const block of blocks(chunks, BLOCK, 1)) {
    if (block.length === 0) continue
    const output = new Uint8Array(4 + lz4Bound(block.length))
    const packed = encoder.encode(block, output.subarray(4))
    u32le.write(output, 0, packed.length, 'lz4 block length')
    yield output.subarray(0, 4 + packed.length)
  }
}

/**
 * The content of the legacy frame that starts here, and of those that follow it at once; the reader is left behind the
 * last block. It ends where the stream does, or at four zero bytes, as for Linux.
 */
export async function* unlz4(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const magic = u32le.read(await reader.exactly(4), 0, 'lz4 magic')
  if (magic === FRAME_MAGIC) {
    throw new CompressError('ROS_COMPRESS_FORMAT', "lz4's frame format is not read here, nor by Linux", {
      subject: 'lz4',
      limit: 'the legacy frame, as lz4 -l writes it',
    })
  }
  if (magic !== MAGIC) throw corruptError('lz4', 'no lz4 legacy frame here')
  for (;;) {
    const field = await reader.peek(4)
    if (field.every((byte) => byte === 0)) return
    if (field.length < 4) throw truncatedError('lz4')
    const length = u32le.read(field, 0, 'lz4 block length')
    reader.skip(4)
    if (length === MAGIC) continue
    if (length > lz4Bound(BLOCK)) throw corruptError('lz4', `block of ${length} bytes is too long`)
    const content = lz4Decode(await reader.exactly(length), new Uint8Array(BLOCK))
    if (content.length > 0) yield content
  }
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  u32le.write(bytes, 0, value, 'lz4 magic')
  return bytes
}
