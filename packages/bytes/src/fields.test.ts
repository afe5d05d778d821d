import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ascii,
  both16,
  both32,
  checkUint,
  type Field,
  hex8,
  raw,
  u8,
  u16be,
  u16le,
  u32be,
  u32le,
  u64be,
  u64le,
} from './index.ts'

const RANGE = expect.objectContaining({ code: 'ROS_BYTES_RANGE', subject: 'record.field' })
const SHORT = expect.objectContaining({ code: 'ROS_BYTES_SHORT', subject: 'record.field' })

function written<T>(field: Field<T>, value: T): number[] {
  const target = new Uint8Array(field.size + 2).fill(0xee)
  field.write(target, 1, value, 'record.field')
  expect([target[0], target.at(-1)]).toEqual([0xee, 0xee])
  return [...target.subarray(1, -1)]
}
const back = <T>(field: Field<T>, bytes: readonly number[]) =>
  field.read(Uint8Array.from([9, ...bytes, 9]), 1, 'record.field')

const numbers: [string, Field<number>, number, number][] = [
  ['u8', u8, 1, 2 ** 8 - 1],
  ['u16le', u16le, 2, 2 ** 16 - 1],
  ['u16be', u16be, 2, 2 ** 16 - 1],
  ['u32le', u32le, 4, 2 ** 32 - 1],
  ['u32be', u32be, 4, 2 ** 32 - 1],
  ['u64le', u64le, 8, Number.MAX_SAFE_INTEGER],
  ['u64be', u64be, 8, Number.MAX_SAFE_INTEGER],
  ['both16', both16, 4, 2 ** 16 - 1],
  ['both32', both32, 8, 2 ** 32 - 1],
  ['hex8', hex8, 8, 2 ** 32 - 1],
]

describe.each(numbers)('%s', (_, field, size, max) => {
  test('every number of its range comes back', () => {
    expect(field.size).toBe(size)
    fc.assert(
      fc.property(fc.maxSafeNat(), (any) => {
        const value = any % (max + 1)
        expect(back(field, written(field, value))).toBe(value)
      }),
    )
    for (const value of [
      0,
      1,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 40,
      max,
    ]) {
      if (value <= max) expect(back(field, written(field, value))).toBe(value)
      else expect(() => written(field, value)).toThrow(RANGE)
    }
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, max + 1])('%d is refused', (value) => {
    expect(() => written(field, value)).toThrow(RANGE)
  })

  test('neither written nor read past the end', () => {
    const short = new Uint8Array(size)
    for (const offset of [1, size, -1]) {
      expect(() => field.write(short, offset, 1, 'record.field')).toThrow(RANGE)
      expect(() => field.read(short, offset, 'record.field')).toThrow(SHORT)
    }
    expect(short.every((byte) => byte === 0)).toBe(true)
  })
})

describe('byte order', () => {
  test.each([
    ['u16le', u16le, 0x0102, [2, 1]],
    ['u16be', u16be, 0x0102, [1, 2]],
    ['u32le', u32le, 0x01020304, [4, 3, 2, 1]],
    ['u32be', u32be, 0x01020304, [1, 2, 3, 4]],
    ['u64le', u64le, 0x0001020304050607, [7, 6, 5, 4, 3, 2, 1, 0]],
    ['u64be', u64be, 0x0001020304050607, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['both16', both16, 0x0102, [2, 1, 1, 2]],
    ['both32', both32, 0x01020304, [4, 3, 2, 1, 1, 2, 3, 4]],
  ])('%s', (_, field, value, bytes) => {
    expect(written(field, value)).toEqual(bytes)
  })

  test('64 bits that are no safe integer are refused when read', () => {
    expect(() => back(u64le, [0, 0, 0, 0, 0, 0, 0x20, 0])).toThrow(RANGE)
    expect(() => back(u64be, Array(8).fill(255))).toThrow(RANGE)
  })

  test('both orders: the little-endian half is read', () => {
    expect(back(both16, [1, 0, 0, 2])).toBe(1)
  })
})

describe('hex8', () => {
  const read = (text: string) => hex8.read(new TextEncoder().encode(text), 0, 'record.field')

  test('upper case when written, either when read', () => {
    expect(Buffer.from(written(hex8, 0xdeadbeef)).toString()).toBe('DEADBEEF')
    expect([read('DEADBEEF'), read('deadbeef'), read('0000000a')]).toEqual([0xdeadbeef, 0xdeadbeef, 10])
  })

  test.each(['0x000001', ' 0000001', '0000000g', '-0000001', '0000000\0', '+0000001'])(
    '%j is none',
    (text) => {
      expect(() => read(text)).toThrow(RANGE)
    },
  )
})

describe('ascii', () => {
  test('pads with NUL or what is asked for, and takes it off', () => {
    expect(written(ascii(4), 'ab')).toEqual([97, 98, 0, 0])
    expect(written(ascii(4, ' '), 'ab')).toEqual([97, 98, 32, 32])
    expect(back(ascii(4, ' '), [97, 32, 98, 32])).toBe('a b')
    expect(back(ascii(4), [0, 0, 0, 0])).toBe('')
    expect(back(ascii(0), [])).toBe('')
    expect(back(ascii(4), written(ascii(4), 'abcd'))).toBe('abcd')
  })

  test.each(['abcde', 'ä', '\ud800'])('%j is refused', (text) => {
    expect(() => written(ascii(4), text)).toThrow(RANGE)
  })

  test('neither written nor read past the end', () => {
    expect(() => ascii(4).write(new Uint8Array(4), 1, 'a', 'record.field')).toThrow(RANGE)
    expect(() => ascii(4).read(new Uint8Array(4), 1, 'record.field')).toThrow(SHORT)
  })
})

describe('raw', () => {
  test('exactly its length, and a copy when read', () => {
    expect(written(raw(3), Uint8Array.of(1, 2, 3))).toEqual([1, 2, 3])
    const bytes = Uint8Array.of(1, 2, 3)
    const copy = raw(3).read(bytes, 0, 'record.field')
    bytes[0] = 9
    expect(copy).toEqual(Uint8Array.of(1, 2, 3))
    expect(written(raw(0), new Uint8Array(0))).toEqual([])
  })

  test.each([2, 4])('%i bytes for three are refused', (length) => {
    expect(() => written(raw(3), new Uint8Array(length))).toThrow(RANGE)
  })

  test('neither written nor read past the end', () => {
    expect(() => raw(3).write(new Uint8Array(4), 2, new Uint8Array(3), 'record.field')).toThrow(RANGE)
    expect(() => raw(3).read(new Uint8Array(4), 2, 'record.field')).toThrow(SHORT)
  })
})

test('checkUint gives back what it lets through', () => {
  expect([checkUint(0, 0, 'x'), checkUint(2 ** 32, 2 ** 32, 'x')]).toEqual([0, 2 ** 32])
  expect(() => checkUint(2 ** 53, Number.MAX_VALUE, 'record.field')).toThrow(RANGE)
  expect(() => checkUint(6, 5, 'inode')).toThrow('inode: number does not fit its field, got 6 (0 … 5)')
})
