import type { ChunkReader } from './chunk-reader.ts'

const INPUT = 65_536

/**
 * What a reader has, at the end of its stream filled up with `least` zeros, for a decoder that looks at no less at once; `real` is how many
 * bytes are the stream's own. Nothing is taken.
 */
export async function paddedInput(
  reader: ChunkReader,
  least: number,
): Promise<{ bytes: Uint8Array; real: number }> {
  const there = await reader.peek(least, INPUT)
  if (there.length >= least) return { bytes: there, real: there.length }
  const bytes = new Uint8Array(there.length + least)
  bytes.set(there)
  return { bytes, real: there.length }
}
