import { describe, expect, test } from 'vitest'
import { ascii, hex8, record, u16le, u32be } from './index.ts'

const header = record(
  'header',
  [
    ['magic', ascii(6)],
    ['ino', hex8],
    ['count', u16le],
    ['sum', u32be],
  ],
  20,
)

describe('record', () => {
  test('sums offsets and encodes and decodes by one table', () => {
    expect(header.offsets).toEqual({ magic: 0, ino: 6, count: 14, sum: 16 })
    const values = { magic: '070701', ino: 0xdeadbeef, count: 0x0102, sum: 0x01020304 }
    const bytes = header.encode(values)
    expect(new TextDecoder().decode(bytes.subarray(0, 14))).toBe('070701DEADBEEF')
    expect([...bytes.subarray(14)]).toEqual([2, 1, 1, 2, 3, 4])
    expect(header.decode(bytes)).toEqual(values)
  })

  test('names record and field when a value does not fit', () => {
    const values = { magic: '070701', ino: 2 ** 32, count: 0, sum: 0 }
    expect(() => header.encode(values)).toThrow(/header\.ino.*4294967296.*0 … 4294967295/)
    expect(() => header.encode({ ...values, ino: 1.5 })).toThrow(
      expect.objectContaining({ code: 'ROS_BYTES_RANGE' }),
    )
    expect(() => header.encode({ ...values, ino: 1, magic: '1234567' })).toThrow(/header\.magic/)
  })

  test('refuses a table that does not sum to its size, and a cut record', () => {
    expect(() => record('bad', [['a', u16le]], 3)).toThrow('fields sum to 2 bytes, the record has 3')
    expect(() => header.decode(new Uint8Array(19))).toThrow(
      expect.objectContaining({ code: 'ROS_BYTES_SHORT' }),
    )
  })
})
