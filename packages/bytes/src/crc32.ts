/* oxlint-disable no-bitwise -- a CRC is arithmetic on bits */

/** Reversed polynomial of CRC-32 (ISO/IEC 13239; RFC 1952 §8; UEFI 2.10 §4.2). */
const POLYNOMIAL = 0xedb8_8320

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) === 1 ? POLYNOMIAL : 0)
  return value
})

/** CRC-32 of these bytes, as gzip, xz and GUID partition tables have it; `before` is that of the bytes in front of them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (let i = 0; i < bytes.length; i++)
    crc = (table[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}
