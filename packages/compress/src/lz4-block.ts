/* oxlint-disable no-bitwise -- a hash of 32 bits, and tokens of two times four */
import { corruptError } from './error.ts'

// LZ4 Block Format Description, 2022: a block is a row of sequences, each literals and then a match, the last one literals
// alone. A token holds both lengths, four bits each; 15 is continued by bytes that are added up while they are 255.

const MIN_MATCH = 4
/** The last match starts at least 12 bytes before the end of the block, the last 5 bytes are literals. */
const MATCH_LIMIT = 12
const LAST_LITERALS = 5
const MAX_DISTANCE = 65_535
const HASH_BITS = 16

/** The most bytes that a block of `size` bytes can become. */
export function lz4Bound(size: number): number {
  return size + Math.floor(size / 255) + 16
}

/** Compresses whole blocks one after the other: keeps its table of positions. */
export class Lz4Encoder {
  readonly #positions = new Int32Array(2 ** HASH_BITS)

  /** The block's bytes: a view of `output`, which has room for `lz4Bound` of them. */
  encode(block: Uint8Array, output: Uint8Array): Uint8Array {
    const positions = this.#positions.fill(-1)
    const view = new DataView(block.buffer, block.byteOffset, block.length)
    const end = block.length
    let anchor = 0
    let out = 0
    let misses = 0
    for (let at = 0; at + MATCH_LIMIT <= end; ) {
      const word = view.getUint32(at, true)
      // Knuth's multiplicative hash, as the reference implementation has it.
      const slot = Math.imul(word, 2_654_435_761) >>> (32 - HASH_BITS)
      const from = positions[slot] ?? -1
      positions[slot] = at
      if (from < 0 || at - from > MAX_DISTANCE || view.getUint32(from, true) !== word) {
        // Where nothing matches, look at fewer and fewer places.
        misses++
        at += 1 + (misses >>> 6)
        continue
      }
      misses = 0
      const limit = end - LAST_LITERALS
      let length = MIN_MATCH
      while (at + length < limit && block[from + length] === block[at + length]) length++
      out = sequence(output, out, block, anchor, at, at - from, length)
      at += length
      anchor = at
    }
    out = sequence(output, out, block, anchor, end, 0, 0)
    return output.subarray(0, out)
  }
}

/** Literals `from` … `to` and a match, or no match where `distance` is 0. Gives the new position. */
function sequence(
  output: Uint8Array,
  at: number,
  block: Uint8Array,
  from: number,
  to: number,
  distance: number,
  length: number,
): number {
  const literals = to - from
  const rest = distance === 0 ? 0 : length - MIN_MATCH
  output[at] = Math.min(literals, 15) * 16 + Math.min(rest, 15)
  let out = at + 1
  if (literals >= 15) out = extra(output, out, literals - 15)
  // A copy byte by byte is quicker than a call for the few bytes that it mostly is.
  if (literals > 32) output.set(block.subarray(from, to), out)
  else for (let i = 0; i < literals; i++) output[out + i] = block[from + i] as number
  out += literals
  if (distance === 0) return out
  output[out++] = distance % 256
  output[out++] = Math.floor(distance / 256)
  return rest >= 15 ? extra(output, out, rest - 15) : out
}

function extra(output: Uint8Array, at: number, length: number): number {
  let out = at
  let left = length
  for (; left >= 255; left -= 255) output[out++] = 255
  output[out++] = left
  return out
}

/** The block's content: a view of `output`, which bounds it. Damage throws `ROS_COMPRESS_CORRUPT`. */
export function lz4Decode(block: Uint8Array, output: Uint8Array): Uint8Array {
  let at = 0
  let out = 0
  const lengthFrom = (base: number): number => {
    let length = base
    if (base < 15) return length
    for (;;) {
      const byte = block[at++]
      if (byte === undefined) throw corruptError('lz4', 'block ends inside a length')
      length += byte
      if (byte !== 255) return length
    }
  }
  while (at < block.length) {
    const token = block[at++] as number
    const literals = lengthFrom(token >>> 4)
    if (at + literals > block.length) throw corruptError('lz4', 'block ends inside its literals')
    if (out + literals > output.length) throw corruptError('lz4', 'block holds more than a block may')
    output.set(block.subarray(at, at + literals), out)
    at += literals
    out += literals
    if (at === block.length) return output.subarray(0, out)
    if (at + 2 > block.length) throw corruptError('lz4', 'block ends inside a match')
    const distance = (block[at] as number) + 256 * (block[at + 1] as number)
    at += 2
    const length = lengthFrom(token & 15) + MIN_MATCH
    if (distance === 0 || distance > out) throw corruptError('lz4', 'match before the start of its block')
    if (out + length > output.length) throw corruptError('lz4', 'block holds more than a block may')
    // The match may overlap what it makes: then it repeats.
    if (distance >= length) output.copyWithin(out, out - distance, out - distance + length)
    else for (let i = 0; i < length; i++) output[out + i] = output[out + i - distance] as number
    out += length
  }
  throw corruptError('lz4', 'block has no end')
}
