import { corruptError, truncatedError } from './error.ts'

/**
 * Content of a whole .xz file (any number of streams and padding), or of an .lzma file. The decoder runs on a thread of
 * its own and takes input only as fast as its output is read.
 */
export async function* unlzma(
  chunks: AsyncIterable<Uint8Array>,
  format: 'xz' | 'lzma',
): AsyncGenerator<Uint8Array, void> {
  // A native library: loaded by those who need it.
  const { lzma, xz } = await import('@napi-rs/lzma')
  const input = chunks[Symbol.asyncIterator]()
  let inputError: { readonly cause: unknown } | undefined
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await input.next()
          if (next.done) controller.close()
          // The decoder reads later, so a chunk that its owner will use again has to be copied.
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
    yield* (format === 'xz' ? xz : lzma).decompressStream(stream)
  } catch (cause) {
    throw inputError ? inputError.cause : decoderError(format, cause)
  } finally {
    await input.return?.()
  }
}

// The decoder has no error codes, only these texts for input that ends early.
const ENDS_EARLY = /fill whole buffer|unexpected end/

function decoderError(format: string, cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause)
  return ENDS_EARLY.test(message) ? truncatedError(format, cause) : corruptError(format, message, cause)
}
