import { u16be, u16le, u32be, u32le } from '@ros/bytes'
import type { Placement } from './encode-directory.ts'
import { type Hierarchy, pathRecordSize } from './hierarchy.ts'

/** A path table: type L has its numbers in little-endian order, type M in big-endian (ECMA-119 §9.4, §6.9.2). */
export function encodePathTable(hierarchy: Hierarchy, placement: Placement, type: 'L' | 'M'): Uint8Array {
  const u16 = type === 'L' ? u16le : u16be
  const u32 = type === 'L' ? u32le : u32be
  const table = new Uint8Array(hierarchy.pathTableSize)
  let position = 0
  for (const { item, identifier, parent } of hierarchy.directories) {
    table[position] = identifier.length
    // the byte at 1 is the length of an extended attribute record: none
    u32.write(
      table,
      position + 2,
      placement.directory(item).lba,
      `path table ${type}, extent of /${item.path}`,
    )
    u16.write(table, position + 6, parent, `path table ${type}, parent of /${item.path}`)
    table.set(identifier, position + 8)
    position += pathRecordSize(identifier)
  }
  if (position !== table.length) throw new Error(`path table ${type} ended at ${position} of ${table.length}`)
  return table
}
