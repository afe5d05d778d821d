import { u32le } from '@ros/bytes'
import { crc32, nativeLzma } from '#engine'
import { blocks, type Chunks } from './blocks.ts'
import { inFlight } from './in-flight.ts'
import { checkLevel } from './level.ts'
import { throughStream } from './through-stream.ts'
import { xzBlockHeader, xzFooter, xzHeader, xzIndex, xzPadding } from './xz-container.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** Content of one block: at 8 MiB of dictionary a larger one saves less than half a percent. */
const BLOCK = 16 * MIB
/** Blocks being compressed at once: each takes up to 12 times its dictionary of memory. */
const IN_FLIGHT = 2
/** Dictionary of each level as xz(1) has it, but no larger than a block: more would never be used. */
const dictionaries = [
  256 * KIB,
  MIB,
  2 * MIB,
  4 * MIB,
  4 * MIB,
  8 * MIB,
  8 * MIB,
  16 * MIB,
  16 * MIB,
  16 * MIB,
]

/**
 * One xz stream (The .xz File Format, version 1.2.1) with CRC32 checks, the only ones beside none that Linux
 * proves when it unpacks an initramfs; CRC64, the default of xz(1), it refuses. Blocks of 16 MiB are compressed side by
 * side; the bytes depend on input, level and the version of `@napi-rs/lzma` alone. Throws `ROS_COMPRESS_LEVEL` outside 0 … 9, and
 * `ROS_COMPRESS_UNAVAILABLE` in a browser.
 */
export async function* xz(
  chunks: Chunks,
  options: { readonly level: number },
): AsyncGenerator<Uint8Array, void> {
  const level = checkLevel('xz', options.level, 0, 9)
  const dictSize = dictionaries[level] ?? MIB
  const { lzma2 } = await nativeLzma()
  yield xzHeader()

  const header = xzBlockHeader(dictSize)
  const compressBlock = async (block: Uint8Array) => {
    const parts: Uint8Array[] = []
    const packed = throughStream(
      [block],
      (input) => lzma2.compressStream(input, { preset: level, dictSize }),
      (cause) => cause,
    )
    let size = 0
    // Taken now: the block's memory is used again later.
    const check = xzCheck(block)
    for await (const part of packed) {
      parts.push(part)
      size += part.length
    }
    return { parts, check, size, contentSize: block.length }
  }

  const records: { readonly unpaddedSize: number; readonly contentSize: number }[] = []
  for await (const block of inFlight(filled(blocks(chunks, BLOCK, IN_FLIGHT)), IN_FLIGHT, compressBlock)) {
    yield header
    yield* block.parts
    yield xzPadding(block.size)
    yield block.check
    const unpaddedSize = header.length + block.size + block.check.length
    records.push({ unpaddedSize, contentSize: block.contentSize })
  }
  const index = xzIndex(records)
  yield index
  yield xzFooter(index.length)
}

/** Without the last block when it is empty: a stream of nothing has no block. */
async function* filled(given: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const block of given) if (block.length > 0) yield block
}

function xzCheck(block: Uint8Array): Uint8Array {
  const check = new Uint8Array(4)
  u32le.write(check, 0, crc32(block), 'xz block check')
  return check
}
