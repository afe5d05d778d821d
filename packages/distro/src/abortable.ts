/** The same chunks until the signal fires; then its reason is thrown, so that whoever writes them cleans up. */
export async function* abortable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onChunk?: (length: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    onChunk?.(chunk.length)
    yield chunk
  }
}
