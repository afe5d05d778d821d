import { u32le } from '@ros/bytes'
import { crc32, DEFLATE_LEVELS, deflateRaw } from '#engine'
import type { Chunks } from './blocks.ts'
import { checkLevel } from './level.ts'

/**
 * One gzip member (RFC 1952) with time 0 and no name. Blocks are compressed side by side on libuv's thread pool, each
 * primed with the 32 KiB before it; the bytes depend on input, level and Node's zlib alone, not on the number of
 * threads or on how the input is cut. Memory use is constant. Throws `ROS_COMPRESS_LEVEL` outside 0 … 9.
 *
 * In a browser its `CompressionStream` compresses, so that the bytes are others, and 6 is the only level.
 */
export async function* gzip(
  chunks: Chunks,
  options: { readonly level: number },
): AsyncGenerator<Uint8Array, void> {
  const level = checkLevel('gzip', options.level, DEFLATE_LEVELS.min, DEFLATE_LEVELS.max)
  yield header(level)
  let crc = 0
  let size = 0
  yield* deflateRaw(chunks, level, (bytes) => {
    crc = crc32(bytes, crc)
    size += bytes.length
  })
  yield trailer(crc, size)
}

/** RFC 1952 §2.3: no flags, time 0, operating system unknown. */
function header(level: number): Uint8Array {
  const extraFlags = level === 9 ? 2 : level === 1 ? 4 : 0
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extraFlags, 255)
}

/** RFC 1952 §2.3.1: CRC-32, and the size modulo 2^32. */
function trailer(crc: number, size: number): Uint8Array {
  const bytes = new Uint8Array(8)
  u32le.write(bytes, 0, crc, 'gzip trailer.crc32')
  u32le.write(bytes, 4, size % 2 ** 32, 'gzip trailer.isize')
  return bytes
}
