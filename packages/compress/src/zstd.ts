import { zstdCompressed } from '#engine'
import { blocks, type Chunks } from './blocks.ts'
import { checkLevel } from './level.ts'

/** The most that one block of a zstd frame holds (RFC 8878 §3.1.1.2.4). */
const BLOCK = 131_072

/**
 * One zstd frame (RFC 8878) with a content checksum, made on one thread: with `nbWorkers` Node cuts the file. The
 * bytes depend on input, level and Node's zstd alone. Throws `ROS_COMPRESS_LEVEL` outside 1 … 19: higher levels need
 * more memory to unpack than a kernel gives; `ROS_COMPRESS_UNAVAILABLE` in a browser.
 */
export async function* zstd(
  chunks: Chunks,
  options: { readonly level: number },
): AsyncGenerator<Uint8Array, void> {
  const level = checkLevel('zstd', options.level, 1, 19)
  yield* zstdCompressed(blocks(chunks, BLOCK, 1), level)
}
