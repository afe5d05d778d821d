import { nativeLzma } from '#engine'
import { blocks, type Chunks } from './blocks.ts'
import { checkLevel } from './level.ts'
import { throughStream } from './through-stream.ts'

const BLOCK = 65_536

/**
 * An .lzma file as the `lzma` tool writes it, and RancherOS up to 0.4 had its initrd: properties lc 3, lp 0, pb 2, size
 * unknown, a mark at the end, no checksum. One thread, by the format. The bytes depend on input, level and the version of
 * `@napi-rs/lzma` alone. Throws `ROS_COMPRESS_LEVEL` outside 0 … 9, and
 * `ROS_COMPRESS_UNAVAILABLE` in a browser.
 */
export async function* lzma(
  chunks: Chunks,
  options: { readonly level: number },
): AsyncGenerator<Uint8Array, void> {
  const preset = checkLevel('lzma', options.level, 0, 9)
  const native = await nativeLzma()
  yield* throughStream(
    blocks(chunks, BLOCK, 1),
    (input) => native.lzma.compressStream(input, { preset }),
    (cause) => cause,
  )
}
