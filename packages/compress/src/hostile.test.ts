import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { lzma, xz } from '@napi-rs/lzma'
import { collect } from '@ros/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inPieces } from '../test/sample.ts'
import { CompressError, decompress, decompressMember, type Format } from './index.ts'

const LIMIT = 64 * 1_048_576
const zeros = new Uint8Array(40_000_000)

describe('a bomb', () => {
  test.each([
    ['gzip', () => gzipSync(zeros)],
    ['zstd', () => zstdCompressSync(zeros)],
    ['xz', () => xz.compressSync(zeros)],
    ['lzma', () => lzma.compressSync(zeros)],
  ] as const)('of %s goes off only as far as it is read', async (format, make) => {
    const packed = make()
    let given = 0
    async function* counted() {
      for await (const piece of inPieces(packed, 64)) {
        given += piece.length
        yield piece
      }
    }
    for await (const chunk of decompress(counted(), format)) {
      expect(chunk.length).toBeLessThanOrEqual(262_144)
      await sleep(100)
      break
    }
    expect(given).toBeLessThan(packed.length)
    await expect(collect(decompress(counted(), format), 1_000_000)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_BYTES_LIMIT' }),
    )
  })
})

const magics: Record<'gzip' | 'zstd' | 'xz' | 'lzma' | 'lz4', readonly number[]> = {
  gzip: [0x1f, 0x8b, 8],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46],
  lzma: [0x5d, 0, 0, 0x10, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0],
  lz4: [0x02, 0x21, 0x4c, 0x18],
}

describe.each(Object.keys(magics) as (keyof typeof magics)[])(
  'any bytes behind the magic of %s',
  (format) => {
    test.each<[string, (chunks: Uint8Array[], format: Format) => AsyncIterable<Uint8Array>]>([
      ['decompress', decompress],
      ['decompressMember', decompressMember],
    ])('%s ends, with content or a CompressError', async (_, read) => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (tail) => {
          try {
            await collect(read([Uint8Array.from(magics[format]), tail], format), LIMIT)
          } catch (error) {
            expect(error).toBeInstanceOf(CompressError)
          }
        }),
        { numRuns: 150 },
      )
    })
  },
)
