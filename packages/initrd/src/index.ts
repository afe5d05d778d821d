export { checkSegments } from './check-segments.ts'
export { InitrdError, type InitrdErrorCode } from './error.ts'
export { type LintInitrdOptions, lintInitrd } from './lint-initrd.ts'
export { type InitrdRule, initrdRules } from './lint-rules.ts'
export { type Microcode, microcodeSegment } from './microcode.ts'
export type { InitrdOptions } from './plan.ts'
export {
  type InitrdContents,
  type InitrdSegment,
  type ReadInitrdOptions,
  readInitrd,
} from './read-initrd.ts'
export { type Segment, type SegmentCompression, segmentPadding } from './segment.ts'
export type { DroppedEntry, EntryOrigin } from './unpacker.ts'
export { initrdSize, type WriteInitrdOptions, writeInitrd } from './write-initrd.ts'
export { writeSegment, writeSegments } from './write-segments.ts'
