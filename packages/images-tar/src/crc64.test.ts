import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc64 } from './crc64.ts'

function hexOf(...parts: Uint8Array[]): string {
  const crc = crc64()
  for (const part of parts) crc.update(part)
  return Buffer.from(crc.digest()).toString('hex')
}

test('check value of the CRC catalogue (CRC-64/GO-ISO), and what Go says', () => {
  expect(hexOf(new TextEncoder().encode('123456789'))).toBe('b90956c775a41001')
  expect(hexOf()).toBe('0000000000000000')
  expect(hexOf(new TextEncoder().encode('a'))).toBe('3420000000000000')
  expect(hexOf(new Uint8Array(1))).toBe('6f90000000000000')
})

test('one bit after the other gives the same, however the input is cut', () => {
  const bitwise = (bytes: Uint8Array) => {
    let crc = 2n ** 64n - 1n
    for (const byte of bytes) {
      crc ^= BigInt(byte)
      for (let bit = 0; bit < 8; bit++) crc = crc % 2n === 1n ? (crc / 2n) ^ 0xd800_0000_0000_0000n : crc / 2n
    }
    return (2n ** 64n - 1n - crc).toString(16).padStart(16, '0')
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      expect(hexOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(bitwise(bytes))
    }),
  )
})
