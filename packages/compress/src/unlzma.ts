import { u32le, u64le } from '@ros/bytes'
import type { ChunkReader } from './chunk-reader.ts'
import { corruptError, truncatedError } from './error.ts'
import { createLzmaDecoder, type LzmaWindow, SYMBOL_MAX } from './lzma-decoder.ts'

const DICTIONARY_MIN = 4096
/** liblzma's limit: above it nothing is written. */
const DICTIONARY_MAX = 1.5 * 2 ** 30
const INPUT = 65_536
const OUTPUT = 131_072

/**
 * The content of the .lzma file that starts here; the reader is left right behind its end, which the decoder alone can
 * find. Damage that still decodes goes unnoticed: the format has no checksum.
 */
export async function* unlzma(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const header = await reader.exactly(13)
  const properties = header[0] ?? 0
  if (properties >= 225) throw corruptError('lzma', `properties ${properties} are unknown`)
  const lc = properties % 9
  const lp = Math.floor(properties / 9) % 5
  const pb = Math.floor(properties / 45)
  const dictSize = Math.max(u32le.read(header, 1, 'lzma dictionary size'), DICTIONARY_MIN)
  if (dictSize > DICTIONARY_MAX && dictSize !== 2 ** 32 - 1)
    throw corruptError('lzma', `dictionary of ${dictSize} bytes is too large`)
  const size = contentSize(header.subarray(5))
  const window: LzmaWindow = { bytes: new Uint8Array(2 * OUTPUT), end: 0 }
  const decoder = createLzmaDecoder({ lc, lp, pb }, dictSize, size, await reader.exactly(5), window)
  let given = 0
  while (!decoder.ended) {
    const { bytes, real } = await nextInput(reader)
    try {
      decoder.decode(bytes)
    } catch (cause) {
      throw decoder.position > real ? truncatedError('lzma', cause) : cause
    }
    if (decoder.position > real) throw truncatedError('lzma')
    reader.skip(decoder.position)
    if (decoder.ended || window.end - given >= OUTPUT || window.end > window.bytes.length - 273) {
      if (window.end > given) yield window.bytes.slice(given, window.end)
      given = makeRoom(window, dictSize)
    }
  }
}

/** What the reader has, filled up with zeros at the end of the stream: the decoder looks at no less than a symbol's length. */
async function nextInput(reader: ChunkReader): Promise<{ bytes: Uint8Array; real: number }> {
  const there = await reader.peek(SYMBOL_MAX, INPUT)
  if (there.length >= SYMBOL_MAX) return { bytes: there, real: there.length }
  const bytes = new Uint8Array(there.length + SYMBOL_MAX)
  bytes.set(there)
  return { bytes, real: there.length }
}

/** Keeps the dictionary and makes room behind it; the window grows with the content, up to twice the dictionary. */
function makeRoom(window: LzmaWindow, dictSize: number): number {
  const { bytes, end } = window
  if (end + OUTPUT <= bytes.length - 273) return end
  const kept = Math.min(end, dictSize)
  const wanted = Math.max(2 * kept, kept + 2 * OUTPUT)
  if (wanted > bytes.length) {
    window.bytes = new Uint8Array(wanted)
    window.bytes.set(bytes.subarray(end - kept, end))
  } else bytes.copyWithin(0, end - kept, end)
  window.end = kept
  return kept
}

/** All bits set where it is not known (LZMA Specification, "lzma file format"). */
function contentSize(field: Uint8Array): number | undefined {
  if (field.every((byte) => byte === 0xff)) return undefined
  if (field[7] !== 0 || (field[6] ?? 0) > 0x1f)
    throw corruptError('lzma', 'size of the content is out of range')
  return u64le.read(field, 0, 'lzma content size')
}
