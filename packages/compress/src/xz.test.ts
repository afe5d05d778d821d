import { collect } from '@ros/bytes'
import { sha256Text } from '@ros/bytes/node'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { runTool } from '../test/tool.ts'
import { decompress, decompressMember, lzma, xz } from './index.ts'
import { xzBlockHeader, xzIndex } from './xz-container.ts'

const LIMIT = 64 * 1_048_576
const BLOCK = 16 * 1_048_576
const text = sample(400_000)
const writers = { xz, lzma }
type Kind = keyof typeof writers
const pack = (kind: Kind, bytes: Uint8Array, level: number, piece = 100_000) =>
  collect(writers[kind](inPieces(bytes, piece), { level }), LIMIT)

describe.each(['xz', 'lzma'] as const)('%s', (kind) => {
  test.each([0, 1, 65_536, 400_000])('%i bytes come back, by us and by xz(1)', async (length) => {
    const content = text.subarray(0, length)
    const packed = await pack(kind, content, 6)
    expect(await collect(decompress(inPieces(packed, 999), kind), LIMIT)).toEqual(content)
    const tool = runTool('xz', ['-dc', `--format=${kind}`], packed)
    expect(tool).toMatchObject({ code: 0, stderr: '' })
    expect(tool.stdout).toEqual(content)
  })

  test.each([0, 1, 9])('level %i', async (level) => {
    const packed = await pack(kind, text, level)
    expect(runTool('xz', ['-dc', `--format=${kind}`], packed).stdout).toEqual(text)
    const theirs = runTool('xz', ['-c', `--format=${kind}`, `-${level}`], text).stdout
    expect(packed.length).toBeLessThan(theirs.length * 1.03)
  })

  test('the bytes do not depend on how the input is cut', async () => {
    const first = await pack(kind, text, 3, 1000)
    for (const piece of [65_537, LIMIT]) expect(await pack(kind, text, 3, piece)).toEqual(first)
  })

  test('the first stream is found to its end', async () => {
    for (const length of [0, 1, 400_000]) {
      const packed = await pack(kind, text.subarray(0, length), 1)
      const reading = decompressMember([packed, Buffer.from('070701')], kind)
      let next = await reading.next()
      while (!next.done) next = await reading.next()
      expect(next.value).toBe(packed.length)
    }
  })

  test.each([-1, 10, 1.5])('level %d is refused', async (level) => {
    await expect(pack(kind, text, level)).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_LEVEL', subject: kind }),
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
    await expect(collect(writers[kind](broken(true), { level: 0 }), LIMIT)).rejects.toThrow(
      'the disk went away',
    )
    for await (const chunk of writers[kind](broken(false), { level: 0 })) if (chunk.length > 20) break
    expect(closed).toBe(2)
  })
})

describe('the xz container', () => {
  test('has CRC32 checks and several blocks, each proven by xz(1)', async () => {
    const content = new Uint8Array(2 * BLOCK + 5).fill(7, 100)
    const packed = await pack('xz', content, 0, 1_000_003)
    expect(runTool('xz', ['-dc'], packed).stdout.length).toBe(content.length)
    const listed = runTool('xz', ['--robot', '-lvv'], packed)
    if (listed.code === 0) expect(Buffer.from(listed.stdout).toString()).toContain('CRC32')
    expect(packed[7]).toBe(1)
    // CRC32 of each block is proven by the decoder; a wrong one is noticed.
    const damaged = packed.slice()
    damaged[40] = (damaged[40] ?? 0) ^ 1
    expect(runTool('xz', ['-t'], damaged).code).toBe(1)
  })

  test('a block of exactly 16 MiB is followed by no empty one', async () => {
    const packed = await pack('xz', new Uint8Array(BLOCK), 0, BLOCK)
    expect(await collect(decompress([packed], 'xz'), LIMIT)).toHaveLength(BLOCK)
    const one = xzIndex([{ unpaddedSize: 100, contentSize: BLOCK }])
    expect(packed.at(-12 - one.length)).toBe(0)
    expect(packed.at(-12 - one.length + 1)).toBe(1)
  })

  test('dictionary sizes', () => {
    expect(xzBlockHeader(4096)[4]).toBe(0)
    expect(xzBlockHeader(8 * 2 ** 20)[4]).toBe(22)
    expect(() => xzBlockHeader(5000)).toThrow('no power of two')
  })
})

describe('the .lzma header', () => {
  test('is that of the lzma tool: 8 MiB at level 6, size unknown', async () => {
    const ours = await pack('lzma', text, 6)
    const theirs = runTool('xz', ['-c', '--format=lzma', '-6'], text).stdout
    expect(ours.subarray(0, 13)).toEqual(theirs.subarray(0, 13))
  })

  test('with the size in it, as the LZMA SDK writes it, with and without an end mark', async () => {
    const packed = await pack('lzma', text, 1)
    const sized = packed.slice()
    new DataView(sized.buffer).setBigUint64(5, BigInt(text.length), true)
    expect(await collect(decompress([sized], 'lzma'), LIMIT)).toEqual(text)
    for (const wrong of [text.length - 1, text.length + 1]) {
      new DataView(sized.buffer).setBigUint64(5, BigInt(wrong), true)
      await expect(collect(decompress([sized], 'lzma'), LIMIT)).rejects.toThrow(
        expect.objectContaining({ name: 'CompressError' }),
      )
    }
  })

  test.each<[string, number[], RegExp]>([
    ['properties', [225, 0, 0, 1, 0], /properties 225/],
    ['dictionary', [0x5d, 0, 0, 0, 0x80], /dictionary of/],
    ['size', [0x5d, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1], /size of the content/],
    ['range coder', [0x5d, 0, 0, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0], /first byte/],
  ])('%s out of range', async (_, header, message) => {
    const bytes = Uint8Array.from({ length: 40 }, (__, i) => header[i] ?? 0)
    await expect(collect(decompress([bytes], 'lzma'), LIMIT)).rejects.toThrow(message)
  })

  test('other properties, and a dictionary smaller than the content', async () => {
    for (const options of [
      'lc=0,lp=2,pb=0',
      'lc=4,lp=0,pb=4',
      'lc=1,lp=3,pb=1',
      'dict=4KiB',
      'dict=64KiB,nice=5',
    ]) {
      const packed = runTool('xz', ['-c', '--format=lzma', `--lzma1=${options}`], text).stdout
      expect(await collect(decompress(inPieces(packed, 1000), 'lzma'), LIMIT)).toEqual(text)
    }
  })
})

test('golden', async () => {
  const digest = (bytes: Uint8Array) => sha256Text(Buffer.from(bytes).toString('hex')).slice(7, 23)
  const small = text.subarray(0, 50_000)
  expect([digest(await pack('xz', small, 6)), digest(await pack('lzma', small, 6))]).toMatchInlineSnapshot(`
    [
      "715ce38e8237e955",
      "1b8b9a277c0d66fb",
    ]
  `)
})
