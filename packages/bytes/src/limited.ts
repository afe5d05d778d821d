/** The same chunks, up to `limit` bytes; throws what `tooLong` makes of the bytes so far as soon as more have come: a stream that is a bomb ends there. */
export async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  tooLong: (size: number) => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > limit) throw tooLong(size)
    yield chunk
  }
}
