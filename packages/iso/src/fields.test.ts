import { describe, expect, test } from 'vitest'
import { decodeUcs2, encodeUcs2, recordDate, ucs2, volumeDate } from './fields.ts'

const written = <T>(
  field: { size: number; write(target: Uint8Array, offset: number, value: T, label: string): void },
  value: T,
) => {
  const bytes = new Uint8Array(field.size)
  field.write(bytes, 0, value, 'test')
  return bytes
}

describe('recordDate', () => {
  test.each([
    ['1900-01-01T00:00:00Z', [0, 1, 1, 0, 0, 0, 0]],
    ['1969-12-31T23:59:59Z', [69, 12, 31, 23, 59, 59, 0]],
    ['2000-02-29T12:34:56Z', [100, 2, 29, 12, 34, 56, 0]],
    ['2155-12-31T23:59:59Z', [255, 12, 31, 23, 59, 59, 0]],
  ])('%s', (text, bytes) => {
    const seconds = Date.parse(text) / 1000
    expect([...written(recordDate, seconds)]).toEqual(bytes)
    expect(recordDate.read(Uint8Array.from(bytes), 0, 'test')).toBe(seconds)
  })

  test('takes the offset from UTC off, in quarters of an hour', () => {
    const noon = Date.UTC(2020, 0, 1, 12) / 1000
    expect(recordDate.read(Uint8Array.of(120, 1, 1, 14, 0, 0, 8), 0, '')).toBe(noon)
    expect(recordDate.read(Uint8Array.of(120, 1, 1, 7, 0, 0, 256 - 20), 0, '')).toBe(noon)
  })

  test('all zero is no date', () => {
    expect(recordDate.read(new Uint8Array(7), 0, '')).toBeNull()
    expect([...written(recordDate, null)]).toEqual([0, 0, 0, 0, 0, 0, 0])
  })

  test.each([Date.UTC(1900, 0, 1) / 1000 - 1, Date.UTC(2156, 0, 1) / 1000, 0.5, Number.NaN])(
    'refuses %s',
    (seconds) => {
      expect(() => written(recordDate, seconds)).toThrow(expect.objectContaining({ code: 'ROS_ISO_DATE' }))
    },
  )
})

describe('volumeDate', () => {
  test('is 16 digits and an offset', () => {
    const bytes = written(volumeDate, Date.UTC(2023, 10, 14, 22, 13, 20) / 1000)
    expect(String.fromCharCode(...bytes.subarray(0, 16))).toBe('2023111422132000')
    expect(bytes[16]).toBe(0)
    expect(volumeDate.read(bytes, 0, '')).toBe(1_700_000_000)
  })

  test('not specified is sixteen zeros', () => {
    const bytes = written(volumeDate, null)
    expect(String.fromCharCode(...bytes.subarray(0, 16))).toBe('0'.repeat(16))
    expect(volumeDate.read(bytes, 0, '')).toBeNull()
    expect(volumeDate.read(new Uint8Array(17), 0, '')).toBeNull()
  })
})

describe('ucs2', () => {
  test('pads with spaces, leaves an odd byte zero, refuses what is too long', () => {
    expect([...written(ucs2(7), 'aé')]).toEqual([0, 0x61, 0, 0xe9, 0, 0x20, 0])
    expect(ucs2(7).read(written(ucs2(7), 'aé'), 0, '')).toBe('aé')
    expect(() => written(ucs2(7), 'four')).toThrow(expect.objectContaining({ code: 'ROS_BYTES_RANGE' }))
  })

  test('codes pairs as two units', () => {
    expect([...encodeUcs2('😀')]).toEqual([0xd8, 0x3d, 0xde, 0x00])
    expect(decodeUcs2(encodeUcs2('a😀'))).toBe('a😀')
  })
})
