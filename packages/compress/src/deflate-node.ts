import { blocks, type Chunks } from './blocks.ts'
import { DeflateLane } from './deflate-lane.ts'
import { inFlight } from './in-flight.ts'

const BLOCK = 1_048_576
const WINDOW = 32_768
/**
 * Blocks being compressed at once: more than libuv's four threads, so that none waits for the consumer. While the next
 * block is filled one less is under way, and the one before those still has the window of the first.
 */
const IN_FLIGHT = 6

/** Levels that `deflateRaw` has. */
export const DEFLATE_LEVELS = { min: 0, max: 9 } as const

/**
 * One deflate stream (RFC 1951). Blocks are compressed side by side on libuv's thread pool, each primed with the 32 KiB before it. `seen`
 * gets all of the input, in order.
 */
export async function* deflateRaw(
  chunks: Chunks,
  level: number,
  seen: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void> {
  const lanes = Array.from({ length: IN_FLIGHT }, () => new DeflateLane(level))
  let count = 0
  let window: Uint8Array | undefined
  const packed = inFlight(blocks(chunks, BLOCK, IN_FLIGHT), IN_FLIGHT, async (block) => {
    seen(block)
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
