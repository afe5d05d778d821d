import { collect } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { runTool } from '../test/tool.ts'
import { decompress, decompressMember, type Format, gzip, lz4, zstd } from './index.ts'

const LIMIT = 64 * 1_048_576
const text = sample(900_000)

describe('what we write, the tools read', () => {
  test.each([0, 1, 262_144, 900_000])('gzip: %i bytes', async (length) => {
    const content = text.subarray(0, length)
    const packed = await collect(gzip(inPieces(content, 65_536), { level: 6 }), LIMIT)
    expect(runTool('gzip', ['-t', '-v'], packed)).toMatchObject({ code: 0 })
    expect(runTool('gzip', ['-dc'], packed).stdout).toEqual(content)
  })

  test.each([0, 1, 131_072, 900_000])('zstd: %i bytes', async (length) => {
    const content = text.subarray(0, length)
    const packed = await collect(zstd(inPieces(content, 65_536), { level: 3 }), LIMIT)
    expect(runTool('zstd', ['-t'], packed)).toMatchObject({ code: 0 })
    expect(runTool('zstd', ['-dc'], packed).stdout).toEqual(content)
  })
})

describe('what we write, lz4 reads', () => {
  test.each([0, 1, 13, 900_000, 9_000_000])('%i bytes', async (length) => {
    const content = sample(length)
    const packed = await collect(lz4(inPieces(content, 65_536)), LIMIT)
    expect(runTool('lz4', ['-dc'], packed)).toMatchObject({ code: 0 })
    expect(Buffer.from(runTool('lz4', ['-dc'], packed).stdout).equals(content)).toBe(true)
  })
})

describe('what the tools write, we read', () => {
  test.each<[Format, string, string[]]>([
    ['gzip', 'gzip', ['-1']],
    ['gzip', 'gzip', ['-9']],
    ['zstd', 'zstd', ['-c']],
    ['zstd', 'zstd', ['-c', '--no-check', '-1']],
    ['zstd', 'zstd', ['-c', '-19', '--long=24']],
    ['xz', 'xz', ['-c', '-0']],
    ['xz', 'xz', ['-c', '--check=crc32']],
    ['xz', 'xz', ['-c', '--check=sha256', '-6e']],
    ['xz', 'xz', ['-c', '--check=none']],
    ['xz', 'xz', ['-c', '-T2', '--block-size=200000']],
    ['xz', 'xz', ['-c', '--x86', '--lzma2=dict=1MiB']],
    ['xz', 'xz', ['-c', '--delta=dist=4', '--lzma2']],
    ['lzma', 'xz', ['-c', '--format=lzma']],
    ['lz4', 'lz4', ['-l', '-c']],
    ['lz4', 'lz4', ['-l', '-9', '-c']],
  ])('%s by %s %j', async (format, command, args) => {
    for (const length of [0, 1, 900_000]) {
      const content = text.subarray(0, length)
      const packed = runTool(command, args, content).stdout
      expect(await collect(decompress(inPieces(packed, 5000), format), LIMIT)).toEqual(content)
      // Nothing but four zeros ends lz4's legacy frame before the stream does.
      const junk = format === 'lz4' ? [0, 0, 0, 0, 99] : [99]
      const first = decompressMember([packed, Uint8Array.from(junk)], format)
      let next = await first.next()
      while (!next.done) next = await first.next()
      expect(next.value).toBe(packed.length)
    }
  })

  test('incompressible content', async () => {
    const noise = runTool('head', ['-c', '500000', '/dev/urandom'], new Uint8Array(0)).stdout
    for (const [format, command, args] of [
      ['gzip', 'gzip', []],
      ['zstd', 'zstd', ['-c']],
      ['xz', 'xz', ['-c']],
      ['lzma', 'xz', ['-c', '--format=lzma']],
      ['lz4', 'lz4', ['-l', '-c']],
    ] as const) {
      const packed = runTool(command, args, noise).stdout
      expect(await collect(decompress(inPieces(packed, 65_536), format), LIMIT)).toEqual(noise)
    }
  })

  test('gzip with every optional header field', async () => {
    const plain = runTool('gzip', ['-n'], text).stdout
    const fields = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 0x1f, 1, 2, 3, 4, 0, 3]),
      Buffer.from([3, 0, 1, 2, 3]),
      Buffer.from('name\0comment\0'),
      Buffer.from([0xaa, 0xbb]),
    ])
    const packed = Buffer.concat([fields, plain.subarray(10)])
    expect(await collect(decompress(inPieces(packed, 3000), 'gzip'), LIMIT)).toEqual(text)
  })
})
