import { gzip, lz4, lzma, xz, zstd } from '@ros/compress'
import { checkEarly } from './check-early.ts'
import { checkSegments } from './check-segments.ts'
import { planInitrd } from './plan.ts'
import { type Segment, segmentPadding } from './segment.ts'
import { type WriteInitrdOptions, writeInitrd } from './write-initrd.ts'

/**
 * A chain of archives, each complete and compressed on its own, which the kernel unpacks one over the other: a later
 * file takes the place of an earlier one. Between segments stand zeros as `segmentPadding` counts them; none stand after the
 * last. Throws as `writeInitrd`; `ROS_INITRD_CONFLICT` where the kernel would not replace what a segment replaces;
 * `ROS_INITRD_EARLY` for microcode (`microcodeSegment`) where its loader does not look. `reuseBuffers` concerns
 * uncompressed segments alone.
 */
export async function* writeSegments(
  segments: readonly Segment[],
  options: WriteInitrdOptions = {},
): AsyncGenerator<Uint8Array, void> {
  for (const { tree } of segments) planInitrd(tree, options)
  checkEarly(segments)
  checkSegments(segments)
  let written = 0
  let last: Segment | undefined
  for (const segment of segments) {
    const padding = last ? segmentPadding(written, last.compression) : 0
    if (padding > 0) yield new Uint8Array(padding)
    written += padding
    last = segment
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
  if (compression === 'none') return writeInitrd(tree, options)
  const archive = writeInitrd(tree, { ...options, reuseBuffers: true })
  switch (compression) {
    case 'gzip':
      return gzip(archive, { level: level ?? 6 })
    case 'zstd':
      return zstd(archive, { level: level ?? 3 })
    case 'xz':
      return xz(archive, { level: level ?? 6 })
    case 'lzma':
      return lzma(archive, { level: level ?? 6 })
    case 'lz4':
      return lz4(archive)
  }
}
