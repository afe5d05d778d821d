import { crc32, u32le } from '@ros/bytes'
import { type Crc64, crc64 } from './crc64.ts'
import { unavailable } from './unavailable.ts'

/** A check of a block's content (The .xz File Format §2.1.1.2) in the making. */
export interface XzCheck {
  readonly size: number
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

/** The check of this id: none, CRC32 or CRC64. */
export function xzCheck(id: number): XzCheck {
  switch (id) {
    case 0:
      return { size: 0, update: () => undefined, digest: () => new Uint8Array(0) }
    case 1: {
      let crc = 0
      return {
        size: 4,
        update: (bytes) => {
          crc = crc32(bytes, crc)
        },
        digest: () => littleEndian(crc),
      }
    }
    case 4: {
      let crc: Crc64 | undefined
      return {
        size: 8,
        update: (bytes) => {
          crc = crc64(bytes, crc)
        },
        digest: () => littleEndian(crc?.low ?? 0, crc?.high ?? 0),
      }
    }
    default:
      throw unavailable(id === 10 ? 'xz with SHA-256' : `xz with check ${id}`, 'decompressed')
  }
}

function littleEndian(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  words.forEach((word, i) => {
    u32le.write(bytes, 4 * i, word, 'xz check')
  })
  return bytes
}
