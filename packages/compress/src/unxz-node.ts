import { corruptError, truncatedError } from './error.ts'
import { nativeLzma } from './native-lzma-node.ts'
import { throughStream } from './through-stream.ts'

/** Content of a whole .xz file: any number of streams and padding. */
export async function* unxz(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const { xz } = await nativeLzma()
  yield* throughStream(chunks, (input) => xz.decompressStream(input), decoderError)
}

// The decoder has no error codes, only these texts for input that ends early.
const ENDS_EARLY = /fill whole buffer|unexpected end/

function decoderError(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause)
  return ENDS_EARLY.test(message) ? truncatedError('xz', cause) : corruptError('xz', message, cause)
}
