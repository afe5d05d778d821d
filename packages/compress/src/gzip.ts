import { crc32 } from 'node:zlib'
import { u32le } from '@ros/bytes'
import { blocks, type Chunks } from './blocks.ts'
import { DeflateLane } from './deflate-lane.ts'
import { inFlight } from './in-flight.ts'
import { checkLevel } from './level.ts'

const BLOCK = 1_048_576
const WINDOW = 32_768
/**
 * Blocks being compressed at once: more than libuv's four threads, so that none waits for the consumer. While the next
 * block is filled one less is under way, and the one before those still has the window of the first.
 */
const IN_FLIGHT = 6

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

  const lanes = Array.from({ length: IN_FLIGHT }, () => new DeflateLane(level))
  let crc = 0
  let size = 0
  let count = 0
  let window: Uint8Array | undefined
  const packed = inFlight(blocks(chunks, BLOCK, IN_FLIGHT), IN_FLIGHT, async (block) => {
    crc = crc32(block, crc)
    size += block.length
    // Blocks go round: a lane has given its last one out before it gets the next.
    const lane = lanes[count++ % IN_FLIGHT] as DeflateLane
    const before = window
    window = block.subarray(-WINDOW)
    return { lane, parts: await lane.compress(block, before, block.length < BLOCK) }
  })
  try {
    for await (const { lane, parts } of packed) {
      yield joined(parts)
      lane.release(parts)
    }
  } finally {
    for (const lane of lanes) lane.close()
  }
  yield trailer(crc, size)
}

/** A copy: the parts' memory is given back. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let filled = 0
  for (const part of parts) {
    whole.set(part, filled)
    filled += part.length
  }
  return whole
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
