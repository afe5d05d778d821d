import { gzip, zstd } from '@ros/compress'
import type { Tree } from '@ros/tree'
import { checkSegments } from './check-segments.ts'
import { ALIGNMENT, align } from './newc.ts'
import { planInitrd } from './plan.ts'
import { type WriteInitrdOptions, writeInitrd } from './write-initrd.ts'

export interface Segment {
  /** What errors call it. */
  readonly name: string
  readonly tree: Tree
  readonly compression: 'none' | 'gzip' | 'zstd'
  /** Compression level, default 6 for gzip and 3 for zstd. */
  readonly level?: number
}

/**
 * A chain of archives, each complete and compressed on its own, which the kernel unpacks one over the other: a later
 * file takes the place of an earlier one. Between segments stand zeros up to a multiple of 4, where alone the kernel
 * finds an uncompressed archive; none stand after the last. Processor microcode goes into the first segment,
 * uncompressed. Throws as `writeInitrd`, and `ROS_INITRD_CONFLICT` where the kernel would not replace what a segment
 * replaces. `reuseBuffers` concerns uncompressed segments alone.
 */
export async function* writeSegments(
  segments: readonly Segment[],
  options: WriteInitrdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  for (const { tree } of segments) planInitrd(tree, options)
  checkSegments(segments)
  let written = 0
  for (const segment of segments) {
    const padding = segmentPadding(written)
    if (padding > 0) yield new Uint8Array(padding)
    written += padding
    for await (const chunk of writeSegment(segment, options)) {
      written += chunk.length
      yield chunk
    }
  }
}

/** One segment, without padding: for a cache of segments, joined with `segmentPadding` later. */
export function writeSegment(
  segment: Segment,
  options: WriteInitrdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const { tree, compression, level } = segment
  switch (compression) {
    case 'none':
      return writeInitrd(tree, options)
    case 'gzip':
      return gzip(writeInitrd(tree, { ...options, reuseBuffers: true }), { level: level ?? 6 })
    case 'zstd':
      return zstd(writeInitrd(tree, { ...options, reuseBuffers: true }), { level: level ?? 3 })
  }
}

/** Number of zero bytes, 0 … 3, that must follow `length` bytes of segments before the next segment. */
export function segmentPadding(length: number): number {
  return align(length, ALIGNMENT) - length
}
