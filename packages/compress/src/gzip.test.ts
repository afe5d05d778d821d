import { gunzipSync } from 'node:zlib'
import { collect } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { gzip } from './index.ts'

const LIMIT = 64 * 1_048_576
const BLOCK = 1_048_576
const text = sample(3 * BLOCK)
const pack = (bytes: Uint8Array, level: number, piece: number) =>
  collect(gzip(inPieces(bytes, piece), { level }), LIMIT)

describe('gzip', () => {
  test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK])(
    '%i bytes come back',
    async (length) => {
      const content = text.subarray(0, length)
      expect(new Uint8Array(gunzipSync(await pack(content, 6, 100_000)))).toEqual(content)
    },
  )

  test('the bytes do not depend on how the input is cut', async () => {
    const [first, ...others] = await Promise.all(
      [1000, 65_537, BLOCK, LIMIT].map((piece) => pack(text, 6, piece)),
    )
    for (const other of others) expect(other).toEqual(first)
  })

  test('blocks are primed by what stands before them', async () => {
    const repeated = new Uint8Array(Buffer.concat(Array.from({ length: 20 }, () => sample(20_000))))
    const whole = await pack(new Uint8Array(Buffer.concat([repeated, repeated, repeated])), 6, LIMIT)
    const one = await pack(repeated, 6, LIMIT)
    // Without a dictionary each of the five blocks would have to hold the 20,000 bytes again.
    expect(whole.length).toBeLessThan(one.length + 9_000)
  })

  test('what cannot be compressed grows by little', async () => {
    let state = 1
    const noise = Uint8Array.from({ length: 2 * BLOCK + 5 }, () => {
      state = (state * 48_271) % 2_147_483_647
      return Math.floor(state / 4096) % 256
    })
    for (const level of [0, 1, 9]) {
      const packed = await pack(noise, level, LIMIT)
      expect(new Uint8Array(gunzipSync(packed))).toEqual(noise)
      expect(packed.length - noise.length).toBeLessThan(noise.length / 2000)
    }
  })

  test('header: no name, time 0, unknown system; extra flags by level', async () => {
    for (const [level, extraFlags] of [
      [1, 4],
      [6, 0],
      [9, 2],
    ] as const) {
      const packed = await pack(text.subarray(0, 10), level, 10)
      expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extraFlags, 255])
    }
  })

  test.each([0, 1, 9])('level %i works', async (level) => {
    expect(new Uint8Array(gunzipSync(await pack(text, level, LIMIT)))).toEqual(text)
  })

  test.each([-1, 10, 1.5, Number.NaN])('level %d is refused', async (level) => {
    await expect(pack(text, level, LIMIT)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_LEVEL', subject: 'gzip' }),
    )
  })

  test('takes chunks that are used again, and an array of chunks', async () => {
    async function* reused() {
      const buffer = new Uint8Array(50_000)
      for (let i = 0; i < text.length; i += buffer.length) {
        const part = text.subarray(i, i + buffer.length)
        buffer.set(part)
        yield buffer.subarray(0, part.length)
        buffer.fill(0xee)
      }
    }
    const expected = await pack(text, 1, LIMIT)
    expect(await collect(gzip(reused(), { level: 1 }), LIMIT)).toEqual(expected)
    expect(await collect(gzip([text.subarray(0, 9), text.subarray(9)], { level: 1 }), LIMIT)).toEqual(
      expected,
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
    await expect(collect(gzip(broken(true), { level: 1 }), LIMIT)).rejects.toThrow('the disk went away')
    for await (const chunk of gzip(broken(false), { level: 1 })) {
      if (chunk.length > 10) break
    }
    expect(closed).toBe(2)
  })
})
