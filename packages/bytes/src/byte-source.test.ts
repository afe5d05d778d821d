import { describe, expect, test } from 'vitest'
import {
  type ByteSource,
  checkRange,
  collect,
  concat,
  fromBytes,
  fromText,
  readAll,
  shortError,
  slice,
  zeros,
} from './index.ts'

const LIMIT = 1_000_000
const counted = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251)
const code = (name: string) => expect.objectContaining({ name: 'BytesError', code: name })
const part = (source: ByteSource, offset?: number, length?: number) =>
  collect(source.open(offset, length), LIMIT)

/** Every way to read: as a whole, in part, from an offset, by `readInto`. */
async function expectContent(source: ByteSource, expected: Uint8Array): Promise<void> {
  const { length } = expected
  expect(source.size).toBe(length)
  expect(await readAll(source, LIMIT)).toEqual(expected)
  expect(await part(source)).toEqual(expected)
  for (const offset of new Set([0, 1, Math.floor(length / 2), length - 1, length])) {
    if (offset < 0 || offset > length) continue
    expect(await part(source, offset)).toEqual(expected.subarray(offset))
    for (const size of [0, 1, length - offset - 1, length - offset]) {
      if (size < 0 || offset + size > length) continue
      expect(await part(source, offset, size)).toEqual(expected.subarray(offset, offset + size))
      if (!source.readInto) continue
      const target = new Uint8Array(size).fill(0xee)
      source.readInto(target, offset)
      expect(target).toEqual(expected.subarray(offset, offset + size))
    }
  }
  for await (const chunk of source.open()) expect(chunk.length).toBeGreaterThan(0)
  for (const [offset, size] of [
    [0, length + 1],
    [length, 1],
    [length + 1, 0],
    [-1, 1],
    [0, -1],
    [0.5, 0],
    [Number.NaN, 0],
    [0, Number.POSITIVE_INFINITY],
  ] as const) {
    await expect(async () => part(source, offset, size)).rejects.toThrow(code('ROS_BYTES_RANGE'))
  }
  if (source.readInto) {
    expect(() => source.readInto?.(new Uint8Array(length + 1), 0)).toThrow(code('ROS_BYTES_RANGE'))
  }
}

describe.each([0, 1, 2, 65_535, 65_536, 65_537])('%i bytes', (length) => {
  test('fromBytes', () => expectContent(fromBytes(counted(length)), counted(length)))
  test('zeros', () => expectContent(zeros(length), new Uint8Array(length)))
  test('slice', async () => {
    const whole = counted(length + 20)
    await expectContent(slice(fromBytes(whole), 10, length), whole.subarray(10, 10 + length))
    await expectContent(
      slice(slice(fromBytes(whole), 5, length + 10), 5, length),
      whole.subarray(10, 10 + length),
    )
  })
  test('concat', async () => {
    const whole = counted(length)
    const cuts = [0, 0, Math.floor(length / 3), Math.floor(length / 2), length, length]
    const parts = cuts.slice(1).map((end, i) => fromBytes(whole.subarray(cuts[i], end)))
    await expectContent(concat(parts), whole)
  })
})

describe('sources', () => {
  test('fromText is UTF-8', async () => {
    await expectContent(fromText('ä☃'), Uint8Array.of(0xc3, 0xa4, 0xe2, 0x98, 0x83))
    expect(fromText('').size).toBe(0)
  })

  test('zeros are cheap at any size', async () => {
    for (const size of [2 ** 31, 2 ** 32, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
      expect(zeros(size).size).toBe(size)
      expect(await part(zeros(size), size - 3)).toEqual(new Uint8Array(3))
      expect(slice(zeros(size), size - 10, 10).size).toBe(10)
    }
    expect(() => zeros(-1)).toThrow(code('ROS_BYTES_RANGE'))
    expect(() => zeros(0.5)).toThrow(code('ROS_BYTES_RANGE'))
  })

  test('a slice has readInto only where its source has it, and cannot be larger', async () => {
    const streamed: ByteSource = { size: 3, open: () => fromBytes(counted(3)).open() }
    expect('readInto' in slice(streamed, 0, 3)).toBe(false)
    expect('readInto' in slice(fromBytes(counted(3)), 0, 3)).toBe(true)
    expect(() => slice(streamed, 1, 3)).toThrow(code('ROS_BYTES_RANGE'))
    expect(() => slice(streamed, 4, 0)).toThrow(code('ROS_BYTES_RANGE'))
  })

  test('concat of nothing, and beyond 4 GiB', async () => {
    await expectContent(concat([]), new Uint8Array(0))
    const large = concat([zeros(2 ** 32), fromText('end')])
    expect(large.size).toBe(2 ** 32 + 3)
    expect(await part(large, 2 ** 32 - 1)).toEqual(Uint8Array.of(0, 101, 110, 100))
  })

  test('can be opened again, also while open', async () => {
    const source = concat([fromText('ab'), fromText('cd')])
    const texts: string[] = []
    for await (const chunk of source.open()) {
      texts.push(Buffer.from(chunk).toString() + Buffer.from(await readAll(source, 4)).toString())
    }
    expect(texts).toEqual(['ababcd', 'cdabcd'])
  })
})

describe('checkRange', () => {
  test('takes what lies inside, and names subject and numbers otherwise', () => {
    checkRange('x', 0, 0, 0)
    checkRange('x', 2 ** 32, 2 ** 32, 0)
    checkRange('x', Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER)
    expect(() => checkRange('disk', 10, 4, 7)).toThrow('disk: range outside the source, got 4+7 (size 10)')
    expect(() => checkRange('x', Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER)).toThrow(
      code('ROS_BYTES_RANGE'),
    )
  })
})

describe('readAll', () => {
  const lying = (size: number): ByteSource => ({ size, open: () => fromText('abc').open() })

  test('limit', async () => {
    expect(await readAll(fromText('abc'), 3)).toEqual(Uint8Array.of(97, 98, 99))
    await expect(readAll(fromText('abc'), 2)).rejects.toThrow(code('ROS_BYTES_LIMIT'))
    await expect(readAll(zeros(2 ** 40), LIMIT)).rejects.toThrow(code('ROS_BYTES_LIMIT'))
  })

  test.each([2, 4])('a source of three bytes that says it has %i', async (size) => {
    await expect(readAll(lying(size), LIMIT)).rejects.toThrow(code('ROS_BYTES_SHORT'))
  })
})

describe('collect', () => {
  test('takes chunks of both kinds of iterable', async () => {
    expect(await collect([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)], 3)).toEqual(
      Uint8Array.of(1, 2, 3),
    )
    expect(await collect(fromText('').open(), 0)).toEqual(new Uint8Array(0))
  })

  test('stops an endless stream at the limit, and closes it', async () => {
    let closed = false
    async function* endless() {
      try {
        for (;;) yield new Uint8Array(1000)
      } finally {
        closed = true
      }
    }
    await expect(collect(endless(), 4999)).rejects.toThrow('5000 bytes or more (4999 bytes)')
    expect(closed).toBe(true)
  })
})

test('shortError says what was expected', () => {
  expect(shortError('initrd', 10, 7)).toMatchObject({
    code: 'ROS_BYTES_SHORT',
    message: 'initrd: content has another length than its size, got 7 bytes (10 bytes)',
  })
})
