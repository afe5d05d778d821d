import type { ChunkReader } from './chunk-reader.ts'
import { truncatedError } from './error.ts'
import { createInflater, MATCH_MAX, STEP_MAX, WINDOW } from './inflater.ts'
import { paddedInput } from './padded-input.ts'

const OUTPUT = 131_072

/**
 * The content of the deflate stream (RFC 1951) that starts here; the reader is left right behind it, which is what the browser's
 * own `DecompressionStream` cannot tell.
 */
export async function* inflateRaw(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const output = new Uint8Array(WINDOW + OUTPUT + MATCH_MAX)
  const inflater = createInflater(output)
  let given = 0
  while (!inflater.ended) {
    const { bytes, real } = await paddedInput(reader, STEP_MAX)
    try {
      inflater.inflate(bytes)
    } catch (cause) {
      throw inflater.position > real ? truncatedError('gzip', cause) : cause
    }
    if (inflater.position > real) throw truncatedError('gzip')
    reader.skip(inflater.position)
    if (inflater.ended || inflater.end - given >= OUTPUT || inflater.end > output.length - MATCH_MAX) {
      if (inflater.end > given) yield output.slice(given, inflater.end)
      given = inflater.makeRoom()
    }
  }
}
