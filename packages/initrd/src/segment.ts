import type { Tree } from '@ros/tree'
import { ALIGNMENT, align } from './newc.ts'

/** What Linux unpacks, if it was configured so: Debian's kernels take all of these. */
export type SegmentCompression = 'none' | 'gzip' | 'zstd' | 'xz' | 'lzma' | 'lz4'

/** A part of an initrd: an archive of its own, compressed or not. */
export interface Segment {
  /** What errors call it. */
  readonly name: string
  readonly tree: Tree
  readonly compression: SegmentCompression
  /** Compression level, default 6 for gzip, xz and lzma, and 3 for zstd; lz4 has none. */
  readonly level?: number
}

/** lz4's legacy frame ends only where the kernel reads a block length of zero (lib/decompress_unlz4.c). */
const LZ4_END = 4

/**
 * Number of zero bytes that must stand between segments of together `length` bytes, of which the last one is compressed so,
 * and the next segment: up to a multiple of 4, where alone the kernel finds an uncompressed archive, and four at the least
 * behind lz4.
 */
export function segmentPadding(length: number, last: SegmentCompression): number {
  return align(last === 'lz4' ? length + LZ4_END : length, ALIGNMENT) - length
}
