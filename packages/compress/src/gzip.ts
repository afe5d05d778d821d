import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'
import { u32le } from '@ros/bytes'
import { blocks, type Chunks } from './blocks.ts'
import { inFlight } from './in-flight.ts'
import { checkLevel } from './level.ts'

const BLOCK = 262_144
const WINDOW = 32_768
/** Holds any block, compressed: where the output fills up just then, zlib marks the block's end twice. */
const OUTPUT = BLOCK + 1024
/**
 * Blocks being compressed at once: more than libuv's four threads, so that none waits for the consumer. While the next
 * block is filled one less is under way, and the one before those is still the dictionary of the first.
 */
const IN_FLIGHT = 6

const deflate = promisify<Uint8Array, object, Uint8Array>(deflateRaw)

/**
 * One gzip member (RFC 1952) with time 0 and no name. Blocks are compressed side by side on libuv's thread pool, each
 * primed with the 32 KiB before it; the bytes depend on input, level and Node's zlib alone, not on the number of
 * threads or on how the input is cut. Memory use is constant. Throws `ROS_COMPRESS_LEVEL` outside 0 … 9.
 */
export async function* gzip(
  chunks: Chunks,
  options: { readonly level: number },
): AsyncGenerator<Uint8Array, void> {
  const level = checkLevel('gzip', options.level, 0, 9)
  yield header(level)

  let crc = 0
  let size = 0
  let dictionary: Uint8Array | undefined
  yield* inFlight(blocks(chunks, BLOCK, IN_FLIGHT), IN_FLIGHT, (block) => {
    crc = crc32(block, crc)
    size += block.length
    const final = block.length < BLOCK
    const task = deflate(block, {
      level,
      chunkSize: OUTPUT,
      finishFlush: final ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
      ...(dictionary && { dictionary }),
    })
    dictionary = block.subarray(-WINDOW)
    return task
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
