/**
 * The same bytes with small chunks joined to large ones: a write is a trip to another thread, whatever its length. The memory of a chunk
 * is used again once the next one is asked for. What came before an error of the input is given out first.
 */
export async function* gathered(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size = 1_048_576,
): AsyncIterable<Uint8Array> {
  let buffer: Uint8Array | undefined
  let filled = 0
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of chunks) {
      if (filled + chunk.length > size) {
        if (buffer && filled > 0) yield buffer.subarray(0, filled)
        filled = 0
      }
      if (chunk.length >= size) yield chunk
      else {
        buffer ??= new Uint8Array(size)
        buffer.set(chunk, filled)
        filled += chunk.length
      }
    }
  } catch (error) {
    failure = { error }
  }
  if (buffer && filled > 0) yield buffer.subarray(0, filled)
  if (failure) throw failure.error
}
