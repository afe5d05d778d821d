export { checkSegments } from './check-segments.ts'
export { InitrdError, type InitrdErrorCode } from './error.ts'
export { type LintInitrdOptions, lintInitrd } from './lint-initrd.ts'
export { type InitrdRule, initrdRules } from './lint-rules.ts'
export type { InitrdOptions } from './plan.ts'
export {
  type InitrdContents,
  type InitrdSegment,
  type ReadInitrdOptions,
  readInitrd,
} from './read-initrd.ts'
export type { DroppedEntry } from './unpacker.ts'
export { initrdSize, type WriteInitrdOptions, writeInitrd } from './write-initrd.ts'
export { type Segment, segmentPadding, writeSegment, writeSegments } from './write-segments.ts'
