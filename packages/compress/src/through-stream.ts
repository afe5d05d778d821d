import type { Chunks } from './blocks.ts'

type Transform = (input: ReadableStream<Uint8Array<ArrayBuffer>>) => ReadableStream<Uint8Array>

/**
 * What a function of Web Streams makes of these chunks. It gets input only as fast as its output is read. An error of the input
 * comes through unchanged; one of the transform goes through `translate`.
 */
export async function* throughStream(
  chunks: Chunks,
  transform: Transform,
  translate: (cause: unknown) => unknown,
): AsyncGenerator<Uint8Array, void> {
  const input = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  let inputError: { readonly cause: unknown } | undefined
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const next = await input.next()
          if (next.done) controller.close()
          // It is read later, so a chunk that its owner will use again has to be copied.
          else controller.enqueue(next.value.slice())
        } catch (cause) {
          inputError = { cause }
          controller.error(cause)
        }
      },
    },
    { highWaterMark: 0 },
  )
  try {
    yield* read(transform(stream))
  } catch (cause) {
    throw inputError ? inputError.cause : translate(cause)
  } finally {
    await input.return?.()
  }
}

/** Not every browser can iterate over a stream. */
async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader()
  let ended = false
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
    ended = true
  } catch (cause) {
    ended = true
    throw cause
  } finally {
    if (!ended) await reader.cancel()
  }
}
