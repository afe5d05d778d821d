import { directoryRecord, type Extent, recordFlag, systemUseOffset, writeRecord } from './directory-record.ts'
import { type PlannedDirectory, recordPosition } from './hierarchy.ts'
import { type Item, isDirectory } from './item.ts'
import { wholeSectors } from './sector.ts'
import { writeSystemUse } from './susp.ts'

/** Where everything was placed; sectors are counted from where the volume starts. */
export interface Placement {
  directory(item: Item): Extent
  /** The sections of a file, at least one. */
  sections(item: Item): readonly Extent[]
  readonly continuationLba: number
}

/** A directory's bytes. */
export function encodeDirectory(directory: PlannedDirectory, placement: Placement): Uint8Array {
  const bytes = new Uint8Array(directory.size)
  let position = 0
  for (const { identifier, item, systemUse, length } of directory.records) {
    const extents = isDirectory(item) ? [placement.directory(item)] : placement.sections(item)
    extents.forEach((extent, index) => {
      position = recordPosition(position, length)
      const more = index < extents.length - 1 ? recordFlag.multiExtent : 0
      const flags = (isDirectory(item) ? recordFlag.directory : 0) + more
      writeRecord(bytes, position, identifier, { length, extent, recorded: item.node.mtime, flags })
      const offset = position + systemUseOffset(identifier.length)
      writeSystemUse(bytes, offset, systemUse, placement.continuationLba)
      position += length
    })
  }
  if (wholeSectors(position) !== bytes.length)
    throw new Error(`/${directory.item.path}: ended at ${position}`)
  return bytes
}

/** The root's record as the volume descriptor repeats it (§8.4.18): 34 bytes, no system use. */
export function encodeRootRecord(root: PlannedDirectory, placement: Placement): Uint8Array {
  const length = directoryRecord.size + 1
  const bytes = new Uint8Array(length)
  const extent = placement.directory(root.item)
  const recorded = root.item.node.mtime
  writeRecord(bytes, 0, Uint8Array.of(0), { length, extent, recorded, flags: recordFlag.directory })
  return bytes
}
