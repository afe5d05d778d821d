/* oxlint-disable no-bitwise -- a CRC is arithmetic on bits, and 64 of them take two halves */

/** Reversed polynomial of CRC-64 (ECMA-182; The .xz File Format §6), upper and lower half. */
const HIGH = 0xc96c_5795
const LOW = 0xd787_0f42

const highs = new Uint32Array(256)
const lows = new Uint32Array(256)
for (let index = 0; index < 256; index++) {
  let [high, low] = [0, index]
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1
    low = (low >>> 1) | (high << 31)
    high >>>= 1
    if (odd === 1) [high, low] = [high ^ HIGH, low ^ LOW]
  }
  highs[index] = high
  lows[index] = low
}

/** A CRC-64, as its halves. */
export interface Crc64 {
  readonly high: number
  readonly low: number
}

/** CRC-64 of these bytes; `before` is that of the bytes in front of them. */
export function crc64(bytes: Uint8Array, before: Crc64 = { high: 0, low: 0 }): Crc64 {
  let high = ~before.high
  let low = ~before.low
  for (let i = 0; i < bytes.length; i++) {
    const index = (low ^ (bytes[i] as number)) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ (lows[index] as number)
    high = (high >>> 8) ^ (highs[index] as number)
  }
  return { high: ~high >>> 0, low: ~low >>> 0 }
}
