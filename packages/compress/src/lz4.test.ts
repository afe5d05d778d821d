import { collect, zeros } from '@ros/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { decompress, decompressMember, lz4 } from './index.ts'
import { Lz4Encoder, lz4Bound, lz4Decode } from './lz4-block.ts'

const LIMIT = 64 * 1_048_576
const BLOCK = 8 * 1_048_576
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const pack = (bytes: Uint8Array, piece = 100_000) => collect(lz4(inPieces(bytes, piece)), LIMIT)
const unpack = (bytes: Uint8Array, piece = 100_000) =>
  collect(decompress(inPieces(bytes, piece), 'lz4'), LIMIT)
const corrupt = (message: RegExp) =>
  expect.objectContaining({ code: 'ROS_COMPRESS_CORRUPT', message: expect.stringMatching(message) })

const encode = (bytes: Uint8Array) => new Lz4Encoder().encode(bytes, new Uint8Array(lz4Bound(bytes.length)))
const decode = (block: readonly number[], room = 100) =>
  Buffer.from(lz4Decode(Uint8Array.from(block), new Uint8Array(room))).toString()

describe('a block', () => {
  test('is what the format says', () => {
    // 4 literals, a match of 19 + 4 bytes one back, then 5 literals.
    expect(decode([0x4f, 97, 98, 99, 100, 1, 0, 4, 0x50, 118, 119, 120, 121, 122])).toBe(
      `abcd${'d'.repeat(23)}vwxyz`,
    )
    expect(decode([0])).toBe('')
    expect(decode([0xf0, 0, ...Array<number>(15).fill(97)])).toBe('a'.repeat(15))
  })

  test.each<[string, number[], RegExp, number?]>([
    ['no bytes', [], /no end/],
    ['a match at the end', [0x10, 97, 1, 0], /no end/],
    ['literals cut', [0x40, 97], /inside its literals/],
    ['a length cut', [0xf0, 255], /inside a length/],
    ['a distance cut', [0x10, 97, 1], /inside a match/],
    ['distance 0', [0x10, 97, 0, 0, 0], /before the start/],
    ['a match of what is not there', [0x10, 97, 2, 0, 0], /before the start/],
    ['more than there is room for', [0x1f, 97, 1, 0, 255, 255, 0, 0], /more than a block/],
    ['literals without room', [0x50, 1, 2, 3, 4, 5], /more than a block/, 4],
  ])('%s', (_, block, message, room) => {
    expect(() => decode(block, room)).toThrow(corrupt(message))
  })

  test('comes back, whatever is in it', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(2), { maxLength: 2000 }).map((values) => Uint8Array.from(values)),
      fc.tuple(fc.nat(70_000), fc.nat(9)).map(([length, seed]) => sample(length, seed + 1)),
    )
    fc.assert(
      fc.property(bytes, (content) => {
        const block = encode(content)
        expect(block.length).toBeLessThanOrEqual(lz4Bound(content.length))
        const back = lz4Decode(block, new Uint8Array(content.length))
        expect(Buffer.from(back).equals(content)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('repetition is found, near and far', () => {
    const far = join(sample(5000, 3), new Uint8Array(60_000), sample(5000, 3))
    expect(encode(far).length).toBeLessThan(encode(sample(5000, 3)).length + 600)
    expect(encode(new Uint8Array(BLOCK)).length).toBeLessThan(BLOCK / 200)
  })
})

describe('lz4', () => {
  test.each([0, 1, 11, 12, 13, 65_536, BLOCK - 1, BLOCK, BLOCK + 1])('%i bytes come back', async (length) => {
    const content = sample(length)
    const packed = await pack(content)
    expect([...packed.subarray(0, 4)]).toEqual([0x02, 0x21, 0x4c, 0x18])
    expect(Buffer.from(await unpack(packed)).equals(content)).toBe(true)
  })

  test('the bytes do not depend on how the input is cut', async () => {
    const text = sample(300_000)
    const first = await pack(text, 1000)
    for (const piece of [65_537, LIMIT]) expect(await pack(text, piece)).toEqual(first)
  })

  test('frames follow one another; zeros end them', async () => {
    const [a, b] = [sample(1000), sample(2000, 5)]
    const [one, two] = [await pack(a), await pack(b)]
    for (const piece of [1, 7, LIMIT]) {
      expect(await unpack(join(one, two), piece)).toEqual(join(a, b))
      expect(await unpack(join(one, new Uint8Array(4), two), piece)).toEqual(join(a, b))
      expect(await unpack(join(one, new Uint8Array(11)), piece)).toEqual(a)
    }
  })

  test('the first ends at four zeros, and is counted without them', async () => {
    const packed = await pack(sample(1000))
    const following = join(packed, new Uint8Array(4), Buffer.from('070701'))
    const reading = decompressMember(inPieces(following, 100), 'lz4')
    let next = await reading.next()
    while (!next.done) next = await reading.next()
    expect(next.value).toBe(packed.length)
  })

  test('what is cut or damaged is said', async () => {
    const packed = await pack(sample(1000))
    const truncated = expect.objectContaining({ code: 'ROS_COMPRESS_TRUNCATED' })
    for (const length of [0, 3, 5, 7, 8, 100, packed.length - 1])
      await expect(unpack(packed.subarray(0, length)), `cut at ${length}`).rejects.toThrow(truncated)
    await expect(unpack(join(packed, Buffer.from('junk')))).rejects.toThrow(corrupt(/too long/))
    await expect(unpack(Buffer.from([4, 0x22, 0x4d, 0x18, 0]))).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_FORMAT' }),
    )
  })

  test('a bomb goes off only as far as it is read', async () => {
    const bomb = await collect(lz4(zeros(50_000_000).open()), LIMIT)
    await expect(collect(decompress([bomb], 'lz4'), 1_000_000)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_BYTES_LIMIT' }),
    )
  })

  test('passes an error of the input through, and closes the input when left early', async () => {
    let closed = 0
    async function* broken(fail: boolean) {
      try {
        for (let i = 0; i < 10; i++) yield sample(2_000_000)
        if (fail) throw new Error('the disk went away')
      } finally {
        closed++
      }
    }
    await expect(collect(lz4(broken(true)), LIMIT)).rejects.toThrow('the disk went away')
    for await (const chunk of lz4(broken(false))) if (chunk.length > 4) break
    expect(closed).toBe(2)
  })
})
