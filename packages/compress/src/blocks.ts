/** Bytes as they come. A chunk may be used again by its owner once the next one is asked for. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * The same bytes in blocks of exactly `size` bytes; the last is shorter, and empty when the stream is empty or ends on
 * a border. What a compressor makes of them does not depend on how the input was cut. The last `keep` blocks stay as
 * they are while the next one is filled; the memory of those before them is used again.
 */
export async function* blocks(chunks: Chunks, size: number, keep: number): AsyncGenerator<Uint8Array, void> {
  const ring: Uint8Array[] = []
  let block: Uint8Array = new Uint8Array(size)
  let filled = 0
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length; ) {
      const part = chunk.subarray(done, done + size - filled)
      block.set(part, filled)
      filled += part.length
      done += part.length
      if (filled === size) {
        ring.push(block)
        yield block
        block = (ring.length > keep ? ring.shift() : undefined) ?? new Uint8Array(size)
        filled = 0
      }
    }
  }
  yield block.subarray(0, filled)
}
