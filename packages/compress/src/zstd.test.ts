import { zstdDecompressSync } from 'node:zlib'
import { collect } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { zstd } from './index.ts'

const LIMIT = 64 * 1_048_576
const BLOCK = 131_072
const text = sample(5 * BLOCK + 7)
const pack = (bytes: Uint8Array, level: number, piece: number) =>
  collect(zstd(inPieces(bytes, piece), { level }), LIMIT)

describe('zstd', () => {
  test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7])(
    '%i bytes come back whole',
    async (length) => {
      const content = text.subarray(0, length)
      expect(new Uint8Array(zstdDecompressSync(await pack(content, 3, 10_000)))).toEqual(content)
    },
  )

  test('the bytes do not depend on how the input is cut', async () => {
    const [first, ...others] = await Promise.all(
      [1000, 65_537, BLOCK, LIMIT].map((piece) => pack(text, 3, piece)),
    )
    for (const other of others) expect(other).toEqual(first)
  })

  test('a small input gives the same bytes in one piece or many', async () => {
    const small = text.subarray(0, 500)
    expect(await pack(small, 3, 1)).toEqual(await pack(small, 3, 500))
  })

  test('the frame has a checksum', async () => {
    const packed = await pack(text, 3, LIMIT)
    expect((packed[4] ?? 0) & 4).toBe(4)
  })

  test.each([0, 20, -1, 2.5])('level %d is refused', async (level) => {
    await expect(pack(text, level, LIMIT)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_LEVEL', subject: 'zstd' }),
    )
  })

  test('passes an error of the input through, and closes the input when left early', async () => {
    let closed = 0
    async function* broken(fail: boolean) {
      try {
        for (let i = 0; i < 10; i++) yield text
        if (fail) throw new Error('the disk went away')
      } finally {
        closed++
      }
    }
    await expect(collect(zstd(broken(true), { level: 1 }), LIMIT)).rejects.toThrow('the disk went away')
    for await (const chunk of zstd(broken(false), { level: 1 })) {
      if (chunk.length > 0) break
    }
    expect(closed).toBe(2)
  })
})
