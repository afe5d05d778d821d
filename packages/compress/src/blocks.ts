/** Bytes as they come. A chunk may be used again by its owner once the next one is asked for. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * The same bytes in blocks of exactly `size` bytes, each in its own memory; the last is shorter, and empty when the
 * stream is empty or ends on a border. What a compressor makes of them does not depend on how the input was cut, and
 * the input's chunks are not looked at again after the next one is asked for.
 */
export async function* blocks(chunks: Chunks, size: number): AsyncGenerator<Uint8Array, void> {
  let block = new Uint8Array(size)
  let filled = 0
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length; ) {
      const part = chunk.subarray(done, done + size - filled)
      block.set(part, filled)
      filled += part.length
      done += part.length
      if (filled === size) {
        yield block
        block = new Uint8Array(size)
        filled = 0
      }
    }
  }
  yield block.subarray(0, filled)
}
