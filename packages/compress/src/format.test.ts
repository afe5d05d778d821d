import { describe, expect, test } from 'vitest'
import { detectFormat, MAGIC_SIZE } from './index.ts'

describe('detectFormat', () => {
  test.each([
    ['gzip', [0x1f, 0x8b, 8, 0]],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd, 4]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ['lzma', [0x5d, 0, 0, 0x80, 0]],
    ['lz4', [0x04, 0x22, 0x4d, 0x18]],
    ['lz4', [0x02, 0x21, 0x4c, 0x18]],
    ['bzip2', [0x42, 0x5a, 0x68, 0x39]],
  ])('%s', (format, bytes) => {
    expect(detectFormat(Uint8Array.from(bytes))).toBe(format)
    expect(bytes.length).toBeLessThanOrEqual(MAGIC_SIZE)
  })

  test.each([[[]], [[0x1f]], [[0xfd, 0x37, 0x7a, 0x58, 0x5a]], [[0x30, 0x37, 0x30, 0x37, 0x30, 0x31]]])(
    'nothing in %j',
    (bytes) => {
      expect(detectFormat(Uint8Array.from(bytes))).toBeUndefined()
    },
  )
})
