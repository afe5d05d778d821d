import { InitrdError } from './error.ts'
import type { Segment } from './segment.ts'

/** What the kernel reads from the initrd in place, long before it unpacks it (Linux, lib/earlycpio.c and its callers). */
const EARLY = /^kernel\/(x86\/microcode|firmware\/acpi)\/[^/]+$/

/** Throws `ROS_INITRD_EARLY` for early files in or behind a compressed segment: the kernel would unpack them, and not use them. */
export function checkEarly(segments: readonly Segment[]): void {
  let compressed: string | undefined
  for (const { name, tree, compression } of segments) {
    if (compression !== 'none') compressed ??= name
    if (compressed === undefined) continue
    for (const { path, node } of tree) {
      if (node.type !== 'file' || !EARLY.test(path)) continue
      throw new InitrdError('ROS_INITRD_EARLY', 'the kernel would not find this file when it looks for it', {
        subject: `${name}: ${path}`,
        got: name === compressed ? 'compressed segment' : `behind the compressed segment ${compressed}`,
        limit: 'uncompressed, and before all that is compressed (Linux, x86/microcode.rst)',
        hint: 'put it into the first segment, as microcodeSegment makes it',
      })
    }
  }
}
