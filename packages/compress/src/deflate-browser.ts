import type { Chunks } from './blocks.ts'
import { throughStream } from './through-stream.ts'

/** Levels that `deflateRaw` has: the one that browsers compress with. */
export const DEFLATE_LEVELS = { min: 6, max: 6 } as const

/** One deflate stream (RFC 1951), by the browser. `seen` gets all of the input, in order. */
export async function* deflateRaw(
  chunks: Chunks,
  _level: number,
  seen: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void> {
  async function* watched(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      seen(chunk)
      yield chunk
    }
  }
  yield* throughStream(
    watched(),
    (input) => input.pipeThrough(new CompressionStream('deflate-raw')),
    (cause) => cause,
  )
}
