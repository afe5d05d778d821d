import type { Chunks } from './blocks.ts'

/** The native library, loaded by those who need it. */
export function nativeLzma(): Promise<typeof import('@napi-rs/lzma')> {
  return import('@napi-rs/lzma')
}

/**
 * What one of the library's stream functions makes of these chunks, on a thread of its own. It takes input only as fast as
 * its output is read. An error of the input comes through unchanged; one of the library goes through `translate`.
 */
export async function* runNative(
  chunks: Chunks,
  transform: (input: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>,
  translate: (cause: unknown) => unknown,
): AsyncGenerator<Uint8Array, void> {
  const input = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  let inputError: { readonly cause: unknown } | undefined
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await input.next()
          if (next.done) controller.close()
          // The library reads later, so a chunk that its owner will use again has to be copied.
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
    yield* transform(stream)
  } catch (cause) {
    throw inputError ? inputError.cause : translate(cause)
  } finally {
    await input.return?.()
  }
}
