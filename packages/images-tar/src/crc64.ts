// oxlint-disable no-bitwise -- a CRC is arithmetic on bits, and 64 of them take two halves
const BYTES = 8
/** x⁶⁴ + x⁴ + x³ + x + 1 (ISO 3309), lowest power in the highest bit; its low half is 0. */
const POLYNOMIAL_HIGH = 0xd800_0000

/** Remainders of a byte followed by 0 … 7 zero bytes, upper and lower halves: eight bytes are reduced at once. */
const high = new Uint32Array(BYTES * 256)
const low = new Uint32Array(BYTES * 256)
for (let byte = 0; byte < 256; byte++) {
  let h = 0
  let l = byte
  for (let bit = 0; bit < 8; bit++) {
    const odd = l & 1
    l = (l >>> 1) | (h << 31)
    h = (h >>> 1) ^ (odd === 1 ? POLYNOMIAL_HIGH : 0)
  }
  high[byte] = h
  low[byte] = l
}
for (let at = 256; at < BYTES * 256; at++) {
  const h = high[at - 256] ?? 0
  const l = low[at - 256] ?? 0
  high[at] = (h >>> 8) ^ (high[l & 0xff] ?? 0)
  low[at] = ((l >>> 8) | (h << 24)) ^ (low[l & 0xff] ?? 0)
}

/** A CRC-64 of ISO 3309 under way, as Go's `crc64.ISO` and so tar-split reckon it. */
export interface Crc64 {
  update(bytes: Uint8Array): void
  /** Eight bytes, the highest first. */
  digest(): Uint8Array
}

export function crc64(): Crc64 {
  let h = 0xffff_ffff
  let l = 0xffff_ffff
  return {
    update(bytes) {
      const { length } = bytes
      let i = 0
      for (; i + BYTES <= length; i += BYTES) {
        // Typed arrays give numbers inside their bounds; `|| 0` would cost a branch for each of them.
        const b0 = (l ^ (bytes[i] as number)) & 0xff
        const b1 = ((l >>> 8) ^ (bytes[i + 1] as number)) & 0xff
        const b2 = ((l >>> 16) ^ (bytes[i + 2] as number)) & 0xff
        const b3 = ((l >>> 24) ^ (bytes[i + 3] as number)) & 0xff
        const b4 = (h ^ (bytes[i + 4] as number)) & 0xff
        const b5 = ((h >>> 8) ^ (bytes[i + 5] as number)) & 0xff
        const b6 = ((h >>> 16) ^ (bytes[i + 6] as number)) & 0xff
        const b7 = ((h >>> 24) ^ (bytes[i + 7] as number)) & 0xff
        h = folded(high, b0, b1, b2, b3, b4, b5, b6, b7)
        l = folded(low, b0, b1, b2, b3, b4, b5, b6, b7)
      }
      for (; i < length; i++) {
        const index = (l ^ (bytes[i] as number)) & 0xff
        l = ((l >>> 8) | (h << 24)) ^ (low[index] as number)
        h = (h >>> 8) ^ (high[index] as number)
      }
    },
    digest() {
      const bytes = new Uint8Array(BYTES)
      const view = new DataView(bytes.buffer)
      view.setUint32(0, ~h >>> 0)
      view.setUint32(4, ~l >>> 0)
      return bytes
    },
  }
}

function folded(
  table: Uint32Array,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
  b4: number,
  b5: number,
  b6: number,
  b7: number,
): number {
  return (
    (table[1792 + b0] as number) ^
    (table[1536 + b1] as number) ^
    (table[1280 + b2] as number) ^
    (table[1024 + b3] as number) ^
    (table[768 + b4] as number) ^
    (table[512 + b5] as number) ^
    (table[256 + b6] as number) ^
    (table[b7] as number)
  )
}
