import { type ByteSource, checkRange, u16le, u32le } from '@ros/bytes'
import { type FatGeometry, fatLimits, SECTOR } from './fat-geometry.ts'

/** A chain of neighbouring clusters: `count` of them from `start` on. */
export interface Chain {
  readonly start: number
  readonly count: number
}

const MEDIA = 0x0fff_fff8
const END = 0x0fff_ffff
// Even, so that no block of a FAT12 ends within a byte.
const BLOCK_ENTRIES = 32_768

/**
 * A file allocation table whose chains are runs of neighbouring clusters, in ascending order. Made block by block as it is
 * read, so that the table of a large volume takes no memory.
 */
export function fatTable({ type, fatSectors }: FatGeometry, chains: readonly Chain[]): ByteSource {
  const { bits } = fatLimits[type]
  const size = fatSectors * SECTOR
  const blockSize = (BLOCK_ENTRIES * bits) / 8
  const block = (index: number): Uint8Array => {
    const bytes = new Uint8Array(blockSize)
    const first = index * BLOCK_ENTRIES
    if (first === 0) {
      writeEntry(bytes, 0, MEDIA, bits)
      writeEntry(bytes, 1, END, bits)
    }
    for (let i = firstChain(chains, first); i < chains.length; i++) {
      const { start, count } = chains[i] as Chain
      const end = start + count
      if (start >= first + BLOCK_ENTRIES) break
      for (let n = Math.max(start, first); n < Math.min(end, first + BLOCK_ENTRIES); n++)
        writeEntry(bytes, n - first, n === end - 1 ? END : n + 1, bits)
    }
    return bytes
  }
  return {
    size,
    async *open(offset = 0, length = size - offset) {
      checkRange('file allocation table', size, offset, length)
      for (let position = offset; position < offset + length; ) {
        const index = Math.floor(position / blockSize)
        const from = position - index * blockSize
        const part = block(index).subarray(from, Math.min(blockSize, from + offset + length - position))
        position += part.length
        yield part
      }
    },
  }
}

/** Index of the first chain that ends behind cluster `first`. */
function firstChain(chains: readonly Chain[], first: number): number {
  let low = 0
  let high = chains.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { start, count } = chains[middle] as Chain
    if (start + count > first) high = middle
    else low = middle + 1
  }
  return low
}

/** The entry's low bits as wide as the table: END and MEDIA are all ones from bit 3 on in each of them. */
function writeEntry(bytes: Uint8Array, index: number, value: number, bits: number): void {
  if (bits === 32) u32le.write(bytes, 4 * index, value, 'FAT entry')
  else if (bits === 16) u16le.write(bytes, 2 * index, value % 0x1_0000, 'FAT entry')
  else {
    const offset = Math.floor((index * 3) / 2)
    const low = value % 0x1000
    const even = index % 2 === 0
    const present = u16le.read(bytes, offset, 'FAT entry')
    u16le.write(bytes, offset, even ? present + low : present + low * 16, 'FAT entry')
  }
}
