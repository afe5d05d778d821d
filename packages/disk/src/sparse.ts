import type { ByteSource } from '@ros/bytes'

/**
 * The source in pieces of `size` bytes, the last one as long as what is left, each with its number; `zero` tells that the piece
 * is nothing but zeros. The array is used again for the next piece.
 */
export async function* pieces(
  source: ByteSource,
  size: number,
): AsyncGenerator<{ index: number; bytes: Uint8Array; zero: boolean }, void> {
  const piece = Buffer.alloc(size)
  const blank = Buffer.alloc(size)
  let filled = 0
  let index = 0
  const whole = (length: number) => {
    const bytes = piece.subarray(0, length)
    return { index: index++, bytes, zero: bytes.equals(blank.subarray(0, length)) }
  }
  for await (const chunk of source.open()) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled)
      piece.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < size) continue
      yield whole(size)
      filled = 0
    }
  }
  if (filled > 0) yield whole(filled)
}

/** Numbers of the pieces that are not all zeros: what a sparse image has to hold. */
export async function dataPieces(source: ByteSource, size: number): Promise<number[]> {
  const numbers: number[] = []
  for await (const { index, zero } of pieces(source, size)) if (!zero) numbers.push(index)
  return numbers
}
