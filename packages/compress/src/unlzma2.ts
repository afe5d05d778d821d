import { u16be } from '@ros/bytes'
import { bits } from './bits.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { corruptError } from './error.ts'
import { createLzmaDecoder, lzmaProperties, SYMBOL_MAX } from './lzma-decoder.ts'
import { lzmaWindow, MATCH_MAX, makeRoom, OUTPUT } from './lzma-window.ts'

// LZMA2 as in liblzma and the Linux kernel's xz_dec_lzma2.c.

/** A chunk whose content is not compressed, without and with a new dictionary; above it are those that are. */
const STORED = 2
const STORED_RESET = 1
const COMPRESSED = 0x80

/** The content of the LZMA2 chunks that start here, up to the byte that ends them; the reader is left right behind it. */
export async function* unlzma2(reader: ChunkReader, dictSize: number): AsyncGenerator<Uint8Array, void> {
  const window = lzmaWindow()
  const decoder = createLzmaDecoder(dictSize, window)
  let given = 0
  let needed: 'dictionary' | 'properties' | 'nothing' = 'dictionary'

  function* out(): Generator<Uint8Array, void> {
    if (window.end > given) yield window.bytes.slice(given, window.end)
    given = makeRoom(window, dictSize)
  }

  async function* compressed(control: number): AsyncGenerator<Uint8Array, void> {
    const sizes = await reader.exactly(4)
    const contentSize = bits(control, 0, 5) * 65_536 + u16be.read(sizes, 0, 'LZMA2 content size') + 1
    const size = u16be.read(sizes, 2, 'LZMA2 chunk size') + 1
    // Bits 5 and 6: nothing is reset, the state is, properties are new too, the dictionary too.
    const reset = bits(control, 5, 2)
    if (reset >= 2) {
      const properties = lzmaProperties((await reader.exactly(1))[0] ?? 0)
      if (properties.lc + properties.lp > 4) throw corruptError('xz', 'properties are beyond those of LZMA2')
      decoder.reset(properties)
      needed = 'nothing'
    } else if (needed !== 'nothing') throw corruptError('xz', 'LZMA2 chunk without properties')
    else if (reset === 1) decoder.reset()
    if (size < 5) throw corruptError('xz', 'LZMA2 chunk is too short')
    const bytes = new Uint8Array(size + SYMBOL_MAX)
    bytes.set(await reader.exactly(size))
    decoder.start(bytes.subarray(0, 5), contentSize, false)
    let at = 5
    while (!decoder.ended && at <= size) {
      decoder.decode(bytes.subarray(at))
      at += decoder.position
      if (!decoder.ended && window.end > window.bytes.length - MATCH_MAX) yield* out()
    }
    if (!decoder.ended || at !== size) throw corruptError('xz', 'LZMA2 chunk has another length')
  }

  async function* stored(): AsyncGenerator<Uint8Array, void> {
    const size = u16be.read(await reader.exactly(2), 0, 'LZMA2 chunk size') + 1
    for await (const part of reader.pass(size)) {
      if (window.end + part.length > window.bytes.length - MATCH_MAX) yield* out()
      window.bytes.set(part, window.end)
      window.end += part.length
      decoder.pass(part.length)
    }
  }

  for (;;) {
    const [control = 0] = await reader.exactly(1)
    if (control === 0) break
    if (control === STORED_RESET || control >= 0xe0) {
      decoder.resetDictionary()
      needed = 'properties'
    } else if (needed === 'dictionary') throw corruptError('xz', 'LZMA2 chunk without a dictionary')
    if (control >= COMPRESSED) yield* compressed(control)
    else if (control <= STORED) yield* stored()
    else throw corruptError('xz', 'broken LZMA2 chunk')
    if (window.end - given >= OUTPUT) yield* out()
  }
  yield* out()
}
