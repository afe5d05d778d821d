/* oxlint-disable no-bitwise -- deflate is a stream of bits */
import { corruptError } from './error.ts'
import { type HuffmanCode, huffmanCode } from './huffman.ts'

// RFC 1951, DEFLATE Compressed Data Format Specification.

/** §2: a match reaches no farther back. */
export const WINDOW = 32_768
/** §3.2.5: longest match. */
export const MATCH_MAX = 258
/** No step takes more input than this: the longest are the code lengths of a block (§3.2.7), 19 × 3 and 316 × 14 bits. */
export const STEP_MAX = 640

const END_OF_BLOCK = 256

/** §3.2.5: lengths and distances, as the base of each symbol and the number of bits that follow. */
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]
const lengthBases = [...bases(3, lengthBits), MATCH_MAX]
const distanceBits = Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1))
const distanceBases = bases(1, distanceBits)

/** §3.2.7: the order in which lengths of the code for code lengths stand. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** §3.2.6. */
const fixedLengths = Uint8Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
)
const fixed = { literals: huffmanCode(fixedLengths), distances: huffmanCode(new Uint8Array(32).fill(5)) }

export interface Inflater {
  /** Inflates from the start of the input while at least `STEP_MAX` bytes of it and `MATCH_MAX` bytes of output are left. */
  inflate(input: Uint8Array): void
  /** Moves the last `WINDOW` bytes of the output to its start; gives where output goes on. */
  makeRoom(): number
  /** Bytes of the last input that were taken; those of which a bit is still to be used count. */
  readonly position: number
  /** Behind the last byte of output. */
  readonly end: number
  /** Whether the stream has ended. */
  readonly ended: boolean
}

/** Inflates into `output`, which holds the window too. */
export function createInflater(output: Uint8Array): Inflater {
  let input: Uint8Array = new Uint8Array(0)
  let at = 0
  let end = 0
  /** Bits taken from the input and not used yet, the next one lowest. */
  let hold = 0
  let held = 0
  let block: 'none' | 'stored' | 'coded' = 'none'
  let final = false
  let stored = 0
  let { literals, distances } = fixed

  /** At least 25 bits: a symbol, or what follows it. */
  function refill(): void {
    for (; held <= 24; held += 8) hold |= (input[at++] as number) << held
  }

  function drop(count: number): void {
    hold >>>= count
    held -= count
  }

  function bits(count: number): number {
    refill()
    const value = hold & ((1 << count) - 1)
    drop(count)
    return value
  }

  /** Gives back whole bytes. */
  function giveBack(): void {
    at -= held >> 3
    held &= 7
    hold &= (1 << held) - 1
  }

  function symbol({ table, mask }: HuffmanCode): number {
    refill()
    const entry = table[hold & mask] as number
    if (entry === 0) throw corruptError('gzip', 'no such code in a block')
    drop(entry & 15)
    return entry >> 4
  }

  function startBlock(): void {
    final = bits(1) === 1
    const type = bits(2)
    if (type === 3) throw corruptError('gzip', 'reserved block type')
    block = type === 0 ? 'stored' : 'coded'
    if (type === 0) startStored()
    else if (type === 1) ({ literals, distances } = fixed)
    else readCodes()
  }

  /** §3.2.4: from the next border of bytes on, the length and its complement. */
  function startStored(): void {
    giveBack()
    hold = 0
    held = 0
    stored = bits(16)
    if ((stored ^ bits(16)) !== 0xffff) throw corruptError('gzip', 'length of a stored block is broken')
    giveBack()
  }

  /** §3.2.7. */
  function readCodes(): void {
    const literalCount = bits(5) + 257
    const distanceCount = bits(5) + 1
    const orderCount = bits(4) + 4
    if (literalCount > 286 || distanceCount > 30) throw corruptError('gzip', 'too many codes in a block')
    const ofLengths = new Uint8Array(19)
    for (const place of LENGTHS_ORDER.slice(0, orderCount)) ofLengths[place] = bits(3)
    const code = huffmanCode(ofLengths, 'complete')
    const lengths = new Uint8Array(literalCount + distanceCount)
    for (let i = 0; i < lengths.length; ) {
      const length = symbol(code)
      if (length < 16) {
        lengths[i++] = length
        continue
      }
      if (length === 16 && i === 0) throw corruptError('gzip', 'repetition of no code length')
      const repeated = length === 16 ? (lengths[i - 1] as number) : 0
      const count = length === 16 ? bits(2) + 3 : length === 17 ? bits(3) + 3 : bits(7) + 11
      if (i + count > lengths.length) throw corruptError('gzip', 'too many code lengths in a block')
      lengths.fill(repeated, i, i + count)
      i += count
    }
    if (lengths[END_OF_BLOCK] === 0) throw corruptError('gzip', 'a block has no code for its end')
    literals = huffmanCode(lengths.subarray(0, literalCount))
    distances = huffmanCode(lengths.subarray(literalCount))
  }

  function copyStored(): void {
    const count = Math.min(stored, input.length - at, output.length - end)
    output.set(input.subarray(at, at + count), end)
    at += count
    end += count
    stored -= count
    if (stored === 0) block = 'none'
  }

  function step(): void {
    const literal = symbol(literals)
    if (literal < END_OF_BLOCK) output[end++] = literal
    else if (literal === END_OF_BLOCK) block = 'none'
    else copyMatch(literal - END_OF_BLOCK - 1)
  }

  function copyMatch(lengthSymbol: number): void {
    const base = lengthBases[lengthSymbol]
    if (base === undefined) throw corruptError('gzip', 'no such length')
    const length = base + bits(lengthBits[lengthSymbol] ?? 0)
    const distanceSymbol = symbol(distances)
    const distanceBase = distanceBases[distanceSymbol]
    if (distanceBase === undefined) throw corruptError('gzip', 'no such distance')
    const distance = distanceBase + bits(distanceBits[distanceSymbol] as number)
    if (distance > end) throw corruptError('gzip', 'match reaches back too far')
    for (let i = 0; i < length; i++, end++) output[end] = output[end - distance] as number
  }

  return {
    get ended() {
      return final && block === 'none'
    },
    get end() {
      return end
    },
    get position() {
      return at - (held >> 3)
    },
    inflate(bytes) {
      input = bytes
      at = 0
      const last = input.length - STEP_MAX
      const room = output.length - MATCH_MAX
      while (at <= last && end <= room && !this.ended) {
        if (block === 'coded') step()
        else if (block === 'stored') copyStored()
        else startBlock()
      }
      giveBack()
    },
    makeRoom() {
      const start = Math.max(0, end - WINDOW)
      output.copyWithin(0, start, end)
      end -= start
      return end
    },
  }
}

/** The first value of each symbol, when each has two to the power of its bits. */
function bases(first: number, bitCounts: readonly number[]): number[] {
  let next = first
  return bitCounts.map((count) => {
    const base = next
    next += 2 ** count
    return base
  })
}
