import { gzipSync, zstdCompressSync } from 'node:zlib'
import { lzma, xz } from '@napi-rs/lzma'
import { collect } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { decompress, decompressMember, type Format, gzip, zstd } from './index.ts'

const LIMIT = 64 * 1_048_576
const text = sample(300_000)

const encoders: Record<'gzip' | 'zstd' | 'xz' | 'lzma', (bytes: Uint8Array) => Uint8Array> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  xz: (bytes) => xz.compressSync(bytes),
  lzma: (bytes) => lzma.compressSync(bytes),
}
const formats = Object.keys(encoders) as (keyof typeof encoders)[]
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

const decode = (bytes: Uint8Array, format: Format, piece = 65_536) =>
  collect(decompress(inPieces(bytes, piece), format), LIMIT)

async function decodeMember(bytes: Uint8Array, format: Format, piece: number) {
  const parts: Uint8Array[] = []
  const running = decompressMember(inPieces(bytes, piece), format)
  for (;;) {
    const next = await running.next()
    if (next.done) return { content: join(...parts), taken: next.value }
    parts.push(next.value)
  }
}

describe.each(formats)('decompress %s', (format) => {
  test.each([0, 1, 65_535, 65_536, 65_537, 300_000])('gives back %i bytes', async (length) => {
    const content = text.subarray(0, length)
    for (const piece of [7, 4096, LIMIT]) {
      if (piece === 7 && length > 70_000) continue
      expect(await decode(encoders[format](content), format, piece)).toEqual(content)
    }
  })

  test('does not keep or need the chunks it was given', async () => {
    const packed = encoders[format](text)
    async function* reused() {
      const buffer = new Uint8Array(1000)
      for (let i = 0; i < packed.length; i += buffer.length) {
        const part = packed.subarray(i, i + buffer.length)
        buffer.set(part)
        yield buffer.subarray(0, part.length)
        buffer.fill(0xee)
      }
    }
    expect(await collect(decompress(reused(), format), LIMIT)).toEqual(text)
  })

  test('throws where the input is cut, wherever that is', async () => {
    const packed = encoders[format](text.subarray(0, 2000))
    for (let length = 0; length < packed.length; length += length < 40 ? 1 : 37) {
      await expect(decode(packed.subarray(0, length), format), `cut at ${length}`).rejects.toThrow(
        expect.objectContaining({ name: 'CompressError', code: 'ROS_COMPRESS_TRUNCATED' }),
      )
    }
    await expect(decode(packed.subarray(0, -1), format)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_TRUNCATED' }),
    )
  })

  test('passes an error of the input through and closes it', async () => {
    const packed = encoders[format](text)
    let closed = false
    async function* broken() {
      try {
        yield packed.subarray(0, 500)
        throw new Error('the network went away')
      } finally {
        closed = true
      }
    }
    await expect(collect(decompress(broken(), format), LIMIT)).rejects.toThrow('the network went away')
    expect(closed).toBe(true)
  })

  test('closes the input when the consumer stops early', async () => {
    let closed = false
    const packed = encoders[format](sample(1_000_000))
    async function* watched() {
      try {
        yield* inPieces(packed, 10_000)
      } finally {
        closed = true
      }
    }
    for await (const chunk of decompress(watched(), format)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(closed).toBe(true)
  })
})

describe('several members', () => {
  test.each(['gzip', 'zstd', 'xz', 'lzma'] as const)('of %s are read on', async (format) => {
    const parts = [text.subarray(0, 100_000), new Uint8Array(0), text.subarray(100_000)]
    const packed = join(...parts.map(encoders[format]))
    for (const piece of [100, 65_536, LIMIT]) expect(await decode(packed, format, piece)).toEqual(text)
  })

  test('zeros may follow gzip, anything else is refused', async () => {
    const packed = encoders.gzip(text)
    expect(await decode(join(packed, new Uint8Array(1000)), 'gzip')).toEqual(text)
    expect(await decode(join(packed, new Uint8Array(3), packed), 'gzip')).toEqual(join(text, text))
    for (const format of ['gzip', 'zstd', 'xz'] as const) {
      await expect(
        decode(join(encoders[format](text), Buffer.from('junk junk junk')), format),
      ).rejects.toThrow(expect.objectContaining({ code: 'ROS_COMPRESS_CORRUPT' }))
    }
  })

  test('a zstd frame to skip is skipped', async () => {
    const skip = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3)
    expect(await decode(join(encoders.zstd(text), skip, encoders.zstd(text)), 'zstd')).toEqual(
      join(text, text),
    )
    expect(await decode(skip, 'zstd')).toEqual(new Uint8Array(0))
  })
})

describe('decompressMember', () => {
  test.each(['gzip', 'zstd', 'xz', 'lzma'] as const)(
    'of %s stops behind the first and counts it',
    async (format) => {
      for (const length of [0, 1, 131_072, 300_000]) {
        const packed = encoders[format](text.subarray(0, length))
        const following = join(packed, encoders[format](text), Buffer.from('070701'))
        for (const piece of [999, packed.length, LIMIT]) {
          const { content, taken } = await decodeMember(following, format, piece)
          expect(content).toEqual(text.subarray(0, length))
          expect(taken).toBe(packed.length)
        }
      }
    },
  )

  test('reads what gzip() and zstd() write', async () => {
    for (const [format, packer] of [
      ['gzip', gzip],
      ['zstd', zstd],
    ] as const) {
      const packed = await collect(packer(inPieces(text, 12_345), { level: 3 }), LIMIT)
      expect(await decodeMember(packed, format, 1000)).toEqual({ content: text, taken: packed.length })
    }
  })
})

describe('corrupt input', () => {
  test.each([
    ['magic', 0, /no gzip member/],
    ['method', 2, /compression method is/],
    ['reserved flags', 3, /reserved flags/],
    ['crc', -8, /checksum differs/],
    ['size', -1, /size differs/],
  ])('gzip: %s', async (_, at, message) => {
    const packed = new Uint8Array(encoders.gzip(text))
    const index = at < 0 ? packed.length + at : at
    packed[index] = (packed[index] ?? 0) ^ 0xe0
    await expect(decode(packed, 'gzip')).rejects.toThrow(message)
  })

  test.each(formats)('%s: a flipped bit is noticed or changes nothing', async (format) => {
    const content = text.subarray(0, 3000)
    const clean = await collect(
      format === 'zstd'
        ? zstd(inPieces(content, 3000), { level: 3 })
        : inPieces(encoders[format](content), 1e6),
      LIMIT,
    )
    let noticed = 0
    for (let at = 0; at < clean.length; at += 13) {
      const damaged = clean.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      const result = await decode(damaged, format).catch((error: unknown) => error)
      if (result instanceof Error) {
        expect(result).toMatchObject({ name: 'CompressError' })
        noticed++
      } else if (format !== 'lzma') {
        // lzma has no checksum; the others may only differ in fields that carry no content, as gzip's time.
        expect(result).toEqual(content)
      }
    }
    expect(noticed).toBeGreaterThan(0)
  })

  test.each(['bzip2', 'rar'])('%s is refused by name', async (format) => {
    await expect(decode(text, format as Format)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_FORMAT', subject: format }),
    )
  })
})
