import { u32le, u64le } from '@ros/bytes'
import type { ChunkReader } from './chunk-reader.ts'
import { corruptError, truncatedError } from './error.ts'
import { createLzmaDecoder, lzmaProperties, SYMBOL_MAX } from './lzma-decoder.ts'
import { lzmaWindow, MATCH_MAX, makeRoom, OUTPUT } from './lzma-window.ts'
import { paddedInput } from './padded-input.ts'

const DICTIONARY_MIN = 4096
/** liblzma's limit: above it nothing is written. */
const DICTIONARY_MAX = 1.5 * 2 ** 30

/**
 * The content of the .lzma file that starts here; the reader is left right behind its end, which the decoder alone can
 * find. Damage that still decodes goes unnoticed: the format has no checksum.
 */
export async function* unlzma(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const header = await reader.exactly(13)
  const properties = lzmaProperties(header[0] ?? 0)
  const dictSize = Math.max(u32le.read(header, 1, 'lzma dictionary size'), DICTIONARY_MIN)
  if (dictSize > DICTIONARY_MAX && dictSize !== 2 ** 32 - 1)
    throw corruptError('lzma', `dictionary of ${dictSize} bytes is too large`)
  const size = contentSize(header.subarray(5))
  const window = lzmaWindow()
  const decoder = createLzmaDecoder(dictSize, window)
  decoder.reset(properties)
  decoder.start(await reader.exactly(5), size)
  let given = 0
  while (!decoder.ended) {
    const { bytes, real } = await paddedInput(reader, SYMBOL_MAX)
    try {
      decoder.decode(bytes)
    } catch (cause) {
      throw decoder.position > real ? truncatedError('lzma', cause) : cause
    }
    if (decoder.position > real) throw truncatedError('lzma')
    reader.skip(decoder.position)
    if (decoder.ended || window.end - given >= OUTPUT || window.end > window.bytes.length - MATCH_MAX) {
      if (window.end > given) yield window.bytes.slice(given, window.end)
      given = makeRoom(window, dictSize)
    }
  }
}

/** All bits set where it is not known (LZMA Specification, "lzma file format"). */
function contentSize(field: Uint8Array): number | undefined {
  if (field.every((byte) => byte === 0xff)) return undefined
  if (field[7] !== 0 || (field[6] ?? 0) > 0x1f)
    throw corruptError('lzma', 'size of the content is out of range')
  return u64le.read(field, 0, 'lzma content size')
}
