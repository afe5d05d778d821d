/* oxlint-disable no-bitwise -- codes are bits */
import { corruptError } from './error.ts'

/** A code of deflate, to be looked up by the next bits of the stream, the first one lowest. */
export interface HuffmanCode {
  /** Symbol × 16 + length of its code; 0 where there is none. */
  readonly table: Uint16Array
  /** Bits that the table is looked up by. */
  readonly mask: number
}

/**
 * The code that these lengths make, one for each symbol, 0 for one that has none (RFC 1951 §3.2.2). Refuses what zlib refuses: more codes than
 * there is room for, and fewer, but for a single code of one bit, or none at all, where `need` is not 'complete'.
 */
export function huffmanCode(lengths: Uint8Array, need?: 'complete'): HuffmanCode {
  const counts = new Uint16Array(16)
  for (const length of lengths) counts[length] = (counts[length] as number) + 1
  counts[0] = 0
  const longest = counts.findLastIndex((count) => count > 0)
  const next = new Uint16Array(17)
  let room = 1
  for (let length = 1; length <= 15; length++) {
    room = room * 2 - (counts[length] as number)
    if (room < 0) throw corruptError('gzip', 'a block has too many codes of a length')
    next[length + 1] = ((next[length] as number) + (counts[length] as number)) << 1
  }
  if (room > 0 && (need === 'complete' || longest > 1))
    throw corruptError('gzip', 'a block has codes that mean nothing')

  const width = Math.max(longest, 1)
  const table = new Uint16Array(2 ** width)
  lengths.forEach((length, symbol) => {
    if (length === 0) return
    const code = next[length] as number
    next[length] = code + 1
    for (let place = reversed(code, length); place < table.length; place += 2 ** length)
      table[place] = symbol * 16 + length
  })
  return { table, mask: table.length - 1 }
}

/** Codes stand in the stream from their highest bit on. */
function reversed(code: number, length: number): number {
  let result = 0
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i)
  return result
}
