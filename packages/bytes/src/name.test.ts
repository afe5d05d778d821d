import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareNames, decodeName, encodeName, sortNames } from './index.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('names are bytes', () => {
  test('every byte string comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (given) => {
        expect(encodeName(decodeName(given))).toEqual(given)
      }),
      { numRuns: 2000 },
    )
  })

  test('bytes that are almost UTF-8 come back too', () => {
    const pieces = fc.constantFrom(
      [0x61],
      [0xc3, 0xa9],
      [0xe2, 0x98, 0x83],
      [0xf0, 0x9f, 0x92, 0xa9],
      [0xc3],
      [0xe2, 0x98],
      [0xf0, 0x9f],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xef, 0xbb, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
      [0x80],
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const given = Uint8Array.from(parts.flat())
        const name = decodeName(given)
        expect(encodeName(name)).toEqual(given)
        expect(decodeName(encodeName(name))).toBe(name)
      }),
      { numRuns: 2000 },
    )
  })

  test('every well-formed string comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (name) => {
        expect(decodeName(encodeName(name))).toBe(name)
      }),
    )
  })

  test.each([
    ['plain UTF-8', bytes(0xc3, 0xa9, 0x61), 'éa'],
    ['a byte order mark is part of the name', bytes(0xef, 0xbb, 0xbf, 0x61), '\ufeffa'],
    ['Latin-1', bytes(0x61, 0xe9, 0x62), 'a\udce9b'],
    ['cut at the end', bytes(0x61, 0xe2, 0x98), 'a\udce2\udc98'],
    ['overlong', bytes(0xc0, 0xaf), '\udcc0\udcaf'],
    ['a surrogate in UTF-8', bytes(0xed, 0xb2, 0x80), '\udced\udcb2\udc80'],
    ['right after wrong', bytes(0xff, 0xe2, 0x98, 0x83), '\udcff☃'],
    ['beyond 16 bits', bytes(0xf0, 0x9f, 0x92, 0xa9, 0x80), '💩\udc80'],
    ['empty', bytes(), ''],
  ])('%s', (_, given, name) => {
    expect(decodeName(given)).toBe(name)
    expect(encodeName(name)).toEqual(given)
  })

  test.each(['\ud800', 'a\udbff', '\udc00', '\udc7f', '\udd00b', '\udfff', '\udc80\ud800'])(
    'a surrogate that stands for no byte is refused: %j',
    (name) => {
      expect(() => encodeName(name)).toThrow(expect.objectContaining({ code: 'ROS_BYTES_RANGE' }))
    },
  )
})

describe('compareNames', () => {
  const anyName = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map(decodeName),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.string({
      unit: fc.constantFrom('a', '/', '-', '\ue000', '\uffff', '💩', '\udcff', '\udc80'),
      maxLength: 5,
    }),
  )

  test('is the order of the bytes', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(Buffer.compare(encodeName(a), encodeName(b)))
      }),
      { numRuns: 3000 },
    )
  })

  test('where UTF-16 has another order, and where a locale would', () => {
    expect(compareNames('\uffff', '💩')).toBeLessThan(0)
    expect(compareNames('Z', 'a')).toBeLessThan(0)
    expect(compareNames('é', 'z')).toBeGreaterThan(0)
    expect(compareNames('a', 'ab')).toBeLessThan(0)
    expect(compareNames('💩', '💩a')).toBeLessThan(0)
    expect(compareNames('x', 'x')).toBe(0)
  })
})

test('sortNames sorts as compareNames does, with surrogates or without', () => {
  const plain = ['b', 'a/b', 'a-b', 'é', 'a', 'Z']
  const mixed = [...plain, '\uffff', '💩', '\udcff']
  for (const names of [plain, mixed, []]) expect(sortNames([...names])).toEqual([...names].sort(compareNames))
  expect(sortNames([...mixed])).toEqual(['Z', 'a', 'a-b', 'a/b', 'b', 'é', '\uffff', '💩', '\udcff'])
})
