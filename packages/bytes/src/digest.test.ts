import { describe, expect, test } from 'vitest'
import { type ByteSource, collect, concat, fromBytes, fromText, zeros } from './index.ts'
import { checkDigest, sha256, sha256Text, withDigest } from './node.ts'

// FIPS 180-4 examples, and a million times "a".
const ABC = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const MILLION = 'sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'
const REFUSED = expect.objectContaining({ code: 'ROS_BYTES_DIGEST' })

describe('sha256', () => {
  const million = new Uint8Array(1_000_000).fill(97)

  test('known digests, read directly or streamed', async () => {
    expect(await sha256(fromText('abc'))).toBe(ABC)
    expect(await sha256(fromText(''))).toBe(EMPTY)
    expect(sha256Text('abc')).toBe(ABC)
    expect(await sha256(fromBytes(million))).toBe(MILLION)
    expect(await sha256(concat([fromBytes(million.subarray(1)), fromText('a')]))).toBe(MILLION)
  })

  test.each([1_048_575, 1_048_576, 1_048_577])('%i bytes are the same both ways', async (size) => {
    expect(await sha256(zeros(size))).toBe(await sha256(concat([zeros(size)])))
  })
})

describe('checkDigest', () => {
  test('gives back what is one', () => {
    expect(checkDigest(ABC, 'layer')).toBe(ABC)
  })

  test.each([
    ABC.slice(0, -1),
    `${ABC}0`,
    ABC.toUpperCase(),
    ABC.slice(7),
    `sha512:${ABC.slice(7)}`,
    `${ABC}\n`,
    `sha256:${'g'.repeat(64)}`,
    '',
  ])('%j is refused', (text) => {
    expect(() => checkDigest(text, 'layer')).toThrow(
      expect.objectContaining({ code: 'ROS_BYTES_DIGEST', subject: 'layer' }),
    )
  })
})

describe('withDigest', () => {
  const proven = (source: ByteSource, digest: string, size?: number) =>
    collect(
      withDigest(
        source.open(),
        { digest: checkDigest(digest, 'x'), ...(size !== undefined && { size }) },
        'layer',
      ),
      1_000_000,
    )

  test('passes what is right', async () => {
    expect(await proven(fromText('abc'), ABC, 3)).toEqual(Uint8Array.of(97, 98, 99))
    expect(await proven(fromText('abc'), ABC)).toHaveLength(3)
    expect(await proven(fromText(''), EMPTY, 0)).toHaveLength(0)
  })

  test('refuses another digest, fewer bytes and more bytes', async () => {
    await expect(proven(fromText('abd'), ABC, 3)).rejects.toThrow(REFUSED)
    await expect(proven(fromText('ab'), ABC, 3)).rejects.toThrow('got 2 bytes (3 bytes)')
    await expect(proven(fromText('abcd'), ABC, 3)).rejects.toThrow('got 4 or more bytes (3 bytes)')
    await expect(proven(fromText('abcd'), ABC)).rejects.toThrow(REFUSED)
  })

  test('stops reading where there is too much, and closes the source', async () => {
    let given = 0
    let closed = false
    async function* endless() {
      try {
        for (;;) {
          given++
          yield new Uint8Array(1000)
        }
      } finally {
        closed = true
      }
    }
    const chunks = withDigest(endless(), { digest: checkDigest(ABC, 'x'), size: 2500 }, 'layer')
    await expect(collect(chunks, 1_000_000)).rejects.toThrow(REFUSED)
    expect({ given, closed }).toEqual({ given: 3, closed: true })
  })
})
