import type { Extent } from './directory-record.ts'
import { SECTOR } from './sector.ts'

/** The longest section of a file: whole sectors below 4 GiB, for all but the last must be whole (ECMA-119 §6.5.1). */
export const MAX_SECTION = 0x1_0000_0000 - SECTOR

/** Number of sections, and so of directory records, of a file of `size` bytes. */
export function sectionCount(size: number): number {
  return Math.max(1, Math.ceil(size / MAX_SECTION))
}

/** The sections of a file that starts at `lba`, back to back. */
export function sectionsOf(lba: number, size: number): Extent[] {
  return Array.from({ length: sectionCount(size) }, (_, index) => {
    const start = index * MAX_SECTION
    return { lba: lba + start / SECTOR, size: Math.min(MAX_SECTION, size - start) }
  })
}
