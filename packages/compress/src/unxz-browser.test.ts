import { collect } from '@ros/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inPieces, sample } from '../test/sample.ts'
import { runTool } from '../test/tool.ts'
import { crc64 } from './crc64.ts'
import { xz } from './index.ts'
import { unxz } from './unxz-browser.ts'

const LIMIT = 64 * 1_048_576
const text = sample(400_000)
const unpack = (bytes: Uint8Array, piece = 5000) => collect(unxz(inPieces(bytes, piece)), LIMIT)

function pack(content: Uint8Array, ...options: string[]): Uint8Array {
  const { code, stdout, stderr } = runTool('xz', ['-c', ...options], content)
  expect({ code, stderr: String(stderr) }).toEqual({ code: 0, stderr: '' })
  return new Uint8Array(stdout)
}

/** No two bytes alike for long: chunks that are stored, between those that are not. */
function mixed(): Uint8Array {
  let seed = 1
  const noise = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % 256
  }
  return Uint8Array.from({ length: 1_500_000 }, (_, i) =>
    i % 400_000 < 200_000 ? noise() : (text[i % 70_000] as number),
  )
}

test('the check value of CRC-64', () => {
  const bytes = new TextEncoder().encode('123456789')
  const { high, low } = crc64(bytes.subarray(4), crc64(bytes.subarray(0, 4)))
  expect([high.toString(16), low.toString(16)]).toEqual(['995dc9bb', 'df1939fa'])
})

describe('what xz(1) writes', () => {
  test.each([
    ['as it does', []],
    ['fast', ['-0']],
    ['best', ['-9e']],
    ['CRC32', ['--check=crc32']],
    ['no check', ['--check=none']],
    ['blocks with their sizes', ['-T2', '--block-size=50000']],
    ['blocks without', ['-T1', '--block-size=50000']],
    ['a small dictionary', ['--lzma2=preset=6,dict=4KiB']],
    ['an odd dictionary', ['--lzma2=preset=6,dict=96KiB']],
    ['other properties', ['--lzma2=preset=6,lc=0,lp=4,pb=0']],
    ['lc 4, pb 4', ['--lzma2=preset=6,lc=4,lp=0,pb=4']],
  ])('%s', async (_, options) => {
    for (const content of [new Uint8Array(0), text.subarray(0, 1), text, mixed()])
      for (const piece of [1000, LIMIT]) {
        const got = await unpack(pack(content, ...options), piece)
        expect(Buffer.compare(got, content)).toBe(0)
      }
  })

  test('megabytes, through a dictionary that is smaller', { timeout: 240_000 }, async () => {
    const content = Buffer.concat(Array.from({ length: 8 }, mixed))
    expect(Buffer.compare(await unpack(pack(content, '-1')), content)).toBe(0)
    expect(Buffer.compare(await unpack(pack(content, '-6')), content)).toBe(0)
  })

  test('several streams, with zeros between and behind them', async () => {
    const one = pack(text)
    const all = Buffer.concat([one, Buffer.alloc(8), one, one, Buffer.alloc(4)])
    expect(Buffer.compare(await unpack(all), Buffer.concat([text, text, text]))).toBe(0)
    await expect(unpack(Buffer.concat([one, Buffer.alloc(3)]))).rejects.toMatchObject({
      code: 'ROS_COMPRESS_CORRUPT',
    })
  })
})

test('what we write', async () => {
  const packed = await collect(xz([text], { level: 6 }), LIMIT)
  expect(Buffer.compare(await unpack(packed), text)).toBe(0)
})

test.each([['--check=sha256'], ['--x86', '--lzma2'], ['--delta', '--lzma2']])(
  '%s is refused',
  async (...options) => {
    await expect(unpack(pack(text, ...options))).rejects.toMatchObject({ code: 'ROS_COMPRESS_UNAVAILABLE' })
  },
)

describe('damage', () => {
  const packed = pack(text.subarray(0, 3000), '--block-size=1000')

  test('cut anywhere it throws that it is cut', async () => {
    for (let length = 0; length < packed.length; length++)
      await expect(unpack(packed.subarray(0, length)), `${length}`).rejects.toMatchObject({
        code: 'ROS_COMPRESS_TRUNCATED',
      })
  })

  test('a byte that is another never goes unnoticed', async () => {
    for (let at = 0; at < packed.length; at++) {
      const bytes = packed.slice()
      bytes[at] = (bytes[at] as number) ^ 0x41
      await expect(unpack(bytes), `${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^ROS_COMPRESS_(CORRUPT|TRUNCATED|UNAVAILABLE)$/),
      })
    }
  })

  test('any LZMA2 chunks end, with content or an error', async () => {
    const header = packed.subarray(0, 24)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1, 2, 0x80, 0xe0),
        fc.uint8Array({ maxLength: 300 }),
        async (control, rest) => {
          const bytes = Buffer.concat([header, Uint8Array.of(control), rest])
          await expect(unpack(bytes)).rejects.toMatchObject({
            code: expect.stringMatching(/^ROS_COMPRESS_(CORRUPT|TRUNCATED)$/),
          })
        },
      ),
      { numRuns: 2000 },
    )
  })
})
