/* oxlint-disable no-bitwise -- the range coder is 32-bit arithmetic by definition */
import { corruptError } from './error.ts'
import { type LzmaWindow, MATCH_MAX } from './lzma-window.ts'

// LZMA Specification (Igor Pavlov, LZMA SDK, DOC/lzma-specification.txt). Names are those of the specification.

/** No symbol takes more input than this. */
export const SYMBOL_MAX = 20

const STATES = 12
const POS_STATES_MAX = 16
const BIT_MODEL_TOTAL = 2048
const MOVE_BITS = 5
const TOP = 2 ** 24
const MATCH_MIN = 2

// Places of the probabilities in one array.
const IS_MATCH = 0
const IS_REP = IS_MATCH + STATES * POS_STATES_MAX
const IS_REP_G0 = IS_REP + STATES
const IS_REP_G1 = IS_REP_G0 + STATES
const IS_REP_G2 = IS_REP_G1 + STATES
const IS_REP0_LONG = IS_REP_G2 + STATES
const POS_SLOT = IS_REP0_LONG + STATES * POS_STATES_MAX
const POS_SPECIAL = POS_SLOT + 4 * 64
const ALIGN = POS_SPECIAL + 115
const LENGTH = ALIGN + 16
const LENGTH_SIZE = 2 + POS_STATES_MAX * 8 * 2 + 256
const REP_LENGTH = LENGTH + LENGTH_SIZE
const LITERAL = REP_LENGTH + LENGTH_SIZE

export interface LzmaProperties {
  readonly lc: number
  readonly lp: number
  readonly pb: number
}

export interface LzmaDecoder {
  /** New state and probabilities; properties as before where none are given. To be called first. */
  reset(properties?: LzmaProperties): void
  /** Matches reach back to here, and no farther. */
  resetDictionary(): void
  /**
   * What is decoded next has a range coder of its own, of which these are the first five bytes, and `size` bytes of content, where that is
   * known. `marked` is whether a mark may end it.
   */
  start(rangeStart: Uint8Array, size: number | undefined, marked?: boolean): void
  /** Decodes symbols from the start of the input while at least `SYMBOL_MAX` bytes of it and `MATCH_MAX` bytes of window are left. */
  decode(input: Uint8Array): void
  /** So many bytes have been put into the window by somebody else. */
  pass(count: number): void
  /** Bytes of the last input that were taken. */
  readonly position: number
  /** Whether what was started has ended: by its mark, or by its size. */
  readonly ended: boolean
}

/** Properties in one byte, as .lzma files and LZMA2 have them. */
export function lzmaProperties(byte: number): LzmaProperties {
  if (byte >= 225) throw corruptError('lzma', `properties ${byte} are unknown`)
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) }
}

/** A decoder that writes into `window`, whose matches reach back no more than `dictSize` bytes. */
export function createLzmaDecoder(dictSize: number, window: LzmaWindow): LzmaDecoder {
  let probabilities = new Uint16Array(0)
  let lc = 0
  let pbMask = 0
  let lpMask = 0
  let range = 0
  let code = 0
  let input: Uint8Array = new Uint8Array(0)
  let at = 0
  let out = window.bytes
  let end = 0
  /** Bytes since the start of the dictionary; matches reach back over them. */
  let total = 0
  /** What `total` is to be in the end, where that is known. */
  let size: number | undefined
  let withMark = true
  let state = 0
  let rep0 = 0
  let rep1 = 0
  let rep2 = 0
  let rep3 = 0
  let ended = false

  function normalize(): void {
    if (range < TOP) {
      range = (range << 8) >>> 0
      code = ((code << 8) | (input[at++] as number)) >>> 0
    }
  }

  function bit(index: number): number {
    if (range < TOP) {
      range = (range << 8) >>> 0
      code = ((code << 8) | (input[at++] as number)) >>> 0
    }
    const probability = probabilities[index] as number
    const bound = (range >>> 11) * probability
    if (code < bound) {
      range = bound
      probabilities[index] = probability + ((BIT_MODEL_TOTAL - probability) >>> MOVE_BITS)
      return 0
    }
    range -= bound
    code -= bound
    probabilities[index] = probability - (probability >>> MOVE_BITS)
    return 1
  }

  function tree(base: number, bits: number): number {
    let symbol = 1
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | bit(base + symbol)
    return symbol - (1 << bits)
  }

  function reverseTree(base: number, bits: number): number {
    let node = 1
    let symbol = 0
    for (let i = 0; i < bits; i++) {
      const next = bit(base + node)
      node = (node << 1) | next
      symbol |= next << i
    }
    return symbol
  }

  function direct(bits: number): number {
    let value = 0
    for (let i = 0; i < bits; i++) {
      normalize()
      range >>>= 1
      const next = code >= range ? 1 : 0
      if (next === 1) code -= range
      value = value * 2 + next
    }
    return value
  }

  function literal(): void {
    const previous = total > 0 ? (out[end - 1] as number) : 0
    const context = ((total & lpMask) << lc) + (previous >>> (8 - lc))
    const base = LITERAL + 0x300 * context
    let symbol = 1
    if (state >= 7) {
      let match = out[end - rep0 - 1] as number
      while (symbol < 0x100) {
        const matchBit = (match >>> 7) & 1
        match <<= 1
        const next = bit(base + ((1 + matchBit) << 8) + symbol)
        symbol = (symbol << 1) | next
        if (matchBit !== next) break
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(base + symbol)
    out[end++] = symbol
    total++
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
  }

  function length(base: number, posState: number): number {
    if (bit(base) === 0) return tree(base + 2 + posState * 8, 3)
    if (bit(base + 1) === 0) return 8 + tree(base + 2 + POS_STATES_MAX * 8 + posState * 8, 3)
    return 16 + tree(base + 2 + POS_STATES_MAX * 16, 8)
  }

  function distance(coded: number): number {
    const slot = tree(POS_SLOT + 64 * Math.min(coded, 3), 6)
    if (slot < 4) return slot
    const bits = (slot >>> 1) - 1
    const base = (2 | (slot & 1)) * 2 ** bits
    if (slot < 14) return base + reverseTree(POS_SPECIAL + base - slot, bits)
    return base + direct(bits - 4) * 16 + reverseTree(ALIGN, 4)
  }

  /** A match or a repetition; its length, 0 when the content is at its end. */
  function match(posState: number): number {
    if (bit(IS_REP + state) === 0) {
      rep3 = rep2
      rep2 = rep1
      rep1 = rep0
      const coded = length(LENGTH, posState)
      state = state < 7 ? 7 : 10
      rep0 = distance(coded)
      return rep0 === 0xffff_ffff ? 0 : coded + MATCH_MIN
    }
    if (total === 0) throw corruptError('lzma', 'repetition of nothing')
    if (bit(IS_REP_G0 + state) === 0) {
      if (bit(IS_REP0_LONG + state * POS_STATES_MAX + posState) === 0) {
        state = state < 7 ? 9 : 11
        return 1
      }
    } else {
      const found = bit(IS_REP_G1 + state) === 0 ? rep1 : thirdOrFourth()
      rep1 = rep0
      rep0 = found
    }
    const coded = length(REP_LENGTH, posState)
    state = state < 7 ? 8 : 11
    return coded + MATCH_MIN
  }

  /** The third or fourth of the last distances; the second becomes the third. */
  function thirdOrFourth(): number {
    let found = rep2
    if (bit(IS_REP_G2 + state) === 1) {
      found = rep3
      rep3 = rep2
    }
    rep2 = rep1
    return found
  }

  function copy(count: number): void {
    if (rep0 >= Math.min(total, dictSize)) throw corruptError('lzma', 'match reaches back too far')
    if (size !== undefined && total + count > size)
      throw corruptError('lzma', 'content is longer than its size')
    for (let from = end - rep0 - 1, i = 0; i < count; i++) out[end++] = out[from++] as number
    total += count
  }

  function finish(): void {
    if (!withMark) throw corruptError('lzma', 'a mark where none may be')
    normalize()
    if (code !== 0) throw corruptError('lzma', 'range coder does not end in 0')
    if (size !== undefined && total !== size) throw corruptError('lzma', 'content is shorter than its size')
    ended = true
  }

  return {
    get ended() {
      return ended
    },
    get position() {
      return at
    },
    reset(properties) {
      if (properties) {
        lc = properties.lc
        pbMask = 2 ** properties.pb - 1
        lpMask = 2 ** properties.lp - 1
        probabilities = new Uint16Array(LITERAL + 0x300 * 2 ** (lc + properties.lp))
      }
      probabilities.fill(BIT_MODEL_TOTAL / 2)
      state = rep0 = rep1 = rep2 = rep3 = 0
    },
    resetDictionary() {
      total = 0
    },
    start(rangeStart, given, marked = true) {
      if (rangeStart[0] !== 0) throw corruptError('lzma', 'first byte of the range coder is not 0')
      range = 0xffff_ffff
      code = new DataView(rangeStart.buffer, rangeStart.byteOffset, 5).getUint32(1)
      size = given === undefined ? undefined : total + given
      withMark = marked
      ended = false
    },
    pass(count) {
      total += count
    },
    decode(bytes) {
      input = bytes
      at = 0
      out = window.bytes
      end = window.end
      const last = bytes.length - SYMBOL_MAX
      const room = out.length - MATCH_MAX
      while (!ended && at <= last && end <= room) {
        // Where the size is known the mark is left out, or comes all the same.
        if (total === size) {
          normalize()
          if (code === 0) {
            ended = true
            break
          }
        }
        const posState = total & pbMask
        if (bit(IS_MATCH + state * POS_STATES_MAX + posState) === 0) {
          if (total === size) throw corruptError('lzma', 'content is longer than its size')
          literal()
        } else {
          const count = match(posState)
          if (count === 0) finish()
          else copy(count)
        }
      }
      window.end = end
    },
  }
}
