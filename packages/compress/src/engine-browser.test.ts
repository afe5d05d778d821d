import { deflateRawSync, gzipSync, inflateRawSync, constants as zlib } from 'node:zlib'
import { collect } from '@ros/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { ChunkReader } from './chunk-reader.ts'
import * as browser from './engine-browser.ts'
import * as node from './engine-node.ts'
import { CompressError } from './error.ts'

const LIMIT = 64 * 1_048_576
const text = sample(400_000)
const strategies = [
  zlib.Z_DEFAULT_STRATEGY,
  zlib.Z_HUFFMAN_ONLY,
  zlib.Z_RLE,
  zlib.Z_FIXED,
  zlib.Z_FILTERED,
] as const

const inflate = (bytes: Uint8Array, piece = 1000) =>
  collect(browser.inflateRaw(new ChunkReader(inPieces(bytes, piece), 'gzip')), LIMIT)

test('has what the one for Node has', () => {
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort())
})

describe('inflateRaw', () => {
  test.each([0, 1, 6, 9].flatMap((level) => strategies.map((strategy) => [level, strategy] as const)))(
    'level %i, strategy %i',
    async (level, strategy) => {
      for (const length of [0, 1, 258, 32_768, 32_769, 163_840, 400_000]) {
        const content = text.subarray(0, length)
        for (const piece of [7, LIMIT])
          expect(await inflate(deflateRawSync(content, { level, strategy }), piece)).toEqual(content)
      }
    },
  )

  test('any content', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 2000 }), fc.uint8Array({ max: 3, maxLength: 2000 }))
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(9), fc.constantFrom(...strategies), async (content, level, strategy) => {
        const packed = new Uint8Array(deflateRawSync(content, { level, strategy }))
        expect(await inflate(packed, 50)).toEqual(content)
      }),
    )
  })

  test('ten million zeros, whose matches are as long as may be', async () => {
    const content = new Uint8Array(10_000_000)
    expect(Buffer.compare(await inflate(deflateRawSync(content)), content)).toBe(0)
  })

  test('the reader is left behind the stream', async () => {
    for (const length of [0, 1, 20_000, 400_000]) {
      const packed = deflateRawSync(text.subarray(0, length))
      const reader = new ChunkReader([packed, new TextEncoder().encode('what follows')], 'gzip')
      await collect(browser.inflateRaw(reader), LIMIT)
      expect(reader.taken).toBe(packed.length)
      expect(new TextDecoder().decode(await reader.exactly(12))).toBe('what follows')
    }
  })

  test('cut anywhere it throws that it is cut', async () => {
    const packed = deflateRawSync(text.subarray(0, 3000))
    for (let length = 0; length < packed.length; length++)
      await expect(inflate(packed.subarray(0, length)), `${length}`).rejects.toMatchObject({
        code: 'ROS_COMPRESS_TRUNCATED',
      })
  })

  test('takes and refuses what zlib does', async () => {
    const packed = deflateRawSync(text.subarray(0, 300), { level: 9 })
    const changed = fc
      .tuple(fc.nat(packed.length - 1), fc.nat(255))
      .map(([at, byte]) => Uint8Array.from(packed, (old, i) => (i === at ? byte : old)))
    const any = fc.uint8Array({ maxLength: 100 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, any), async (bytes) => {
        const [ours, theirs] = await Promise.all([outcome(() => inflate(bytes)), zlibs(bytes)])
        expect(ours).toEqual(theirs)
      }),
      { numRuns: 3000 },
    )
  })
})

/** Content, or the code of the error. */
async function outcome(work: () => Promise<Uint8Array>): Promise<Uint8Array | string> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CompressError) return error.code
    throw error
  }
}

async function zlibs(bytes: Uint8Array): Promise<Uint8Array | string> {
  try {
    return new Uint8Array(inflateRawSync(bytes))
  } catch (error) {
    const cut = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
    return cut ? 'ROS_COMPRESS_TRUNCATED' : 'ROS_COMPRESS_CORRUPT'
  }
}

describe('deflateRaw', () => {
  test.each([0, 1, 400_000])('%i bytes come back, all of them seen', async (length) => {
    const seen: Uint8Array[] = []
    const content = text.subarray(0, length)
    const packed = browser.deflateRaw(inPieces(content, 999), 6, (bytes) => seen.push(bytes.slice()))
    expect(new Uint8Array(inflateRawSync(await collect(packed, LIMIT)))).toEqual(content)
    expect(new Uint8Array(Buffer.concat(seen))).toEqual(content)
  })

  test('passes an error of the input through', async () => {
    async function* broken() {
      yield text
      throw new Error('the disk went away')
    }
    await expect(
      collect(
        browser.deflateRaw(broken(), 6, () => undefined),
        LIMIT,
      ),
    ).rejects.toThrow('the disk went away')
  })
})

test('crc32 agrees with gzip', async () => {
  const trailer = gzipSync(text).subarray(-8)
  expect(browser.crc32(text)).toBe(trailer.readUInt32LE(0))
})

test('what a browser cannot do is an error with a code', async () => {
  const expected = { code: 'ROS_COMPRESS_UNAVAILABLE' }
  await expect(browser.nativeLzma()).rejects.toMatchObject(expected)
  async function* nothing() {}
  for (const use of [browser.unzstd, (input: AsyncIterable<Uint8Array>) => browser.zstdCompressed(input, 3)])
    expect(() => use(nothing())).toThrow(expect.objectContaining(expected))
})
