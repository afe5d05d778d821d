import { type ByteSource } from '@ros/bytes'
import { diskBytes } from './disk-bytes.ts'
import { DISK_SECTOR, MBR_ENTRIES, MBR_SIGNATURE, masterBootRecord, mbrEntry } from './mbr.ts'

/** An entry that is in use; `number` is 1 … 4, logical partitions count from 5. */
export interface ReadMbrEntry {
  readonly number: number
  readonly active: boolean
  readonly status: number
  readonly type: number
  /** Sectors of 512 bytes. */
  readonly start: number
  readonly count: number
  /** Where the entry stands on the disk, in bytes. */
  readonly offset: number
}

/** A master boot record, read. */
export interface ReadMbr {
  /** As it stands. */
  readonly sector: Uint8Array
  readonly code: Uint8Array
  readonly imageSector: number
  readonly diskId: number
  readonly entries: readonly ReadMbrEntry[]
}

/** A chain of extended partitions is followed this far. */
const MAX_LOGICAL = 128
const EXTENDED = new Set([0x05, 0x0f, 0x85])
const TABLE = masterBootRecord.offsets.partitions

/** The master boot record at the start of a disk; undefined where there is none. */
export async function readMbr(disk: ByteSource): Promise<ReadMbr | undefined> {
  const sector = await diskBytes(disk, 0, DISK_SECTOR)
  if (!sector || !isRecord(sector)) return undefined
  const { code, imageSector, diskId } = numbered(sector)
  const primary = entriesOf(sector, 0, (index) => index + 1)
  const entries = [...primary]
  const extended = primary.find(({ type }) => EXTENDED.has(type))
  if (extended) entries.push(...(await readLogical(disk, extended)))
  return { sector, code, imageSector, diskId, entries }
}

export function isExtended(type: number): boolean {
  return EXTENDED.has(type)
}

function isRecord(sector: Uint8Array): boolean {
  return sector[DISK_SECTOR - 2] === MBR_SIGNATURE % 256 && sector[DISK_SECTOR - 1] === 0xaa
}

/** Code of other loaders has anything where the image's sector would be. */
function numbered(sector: Uint8Array) {
  const high = sector.subarray(masterBootRecord.offsets.imageSector + 4, masterBootRecord.offsets.diskId)
  const copy = sector.slice()
  if (high.some((byte) => byte !== 0))
    copy.fill(0, masterBootRecord.offsets.imageSector, masterBootRecord.offsets.diskId)
  return masterBootRecord.decode(copy)
}

/** Logical partitions: each extended boot record names one, from itself on, and the next record, from the first one on. */
async function readLogical(disk: ByteSource, { start: first }: ReadMbrEntry): Promise<ReadMbrEntry[]> {
  const found: ReadMbrEntry[] = []
  const visited = new Set<number>()
  for (
    let at: number | undefined = first;
    at !== undefined && !visited.has(at) && found.length < MAX_LOGICAL;
  ) {
    visited.add(at)
    const base: number = at
    at = undefined
    const sector = await diskBytes(disk, base * DISK_SECTOR, DISK_SECTOR)
    if (!sector || !isRecord(sector)) break
    for (const entry of entriesOf(sector, base * DISK_SECTOR, () => 5 + found.length)) {
      if (EXTENDED.has(entry.type)) at = first + entry.start
      else found.push({ ...entry, number: 5 + found.length, start: base + entry.start })
    }
  }
  return found
}

function entriesOf(sector: Uint8Array, at: number, number: (index: number) => number): ReadMbrEntry[] {
  return Array.from({ length: MBR_ENTRIES }, (_, index) => {
    const offset = TABLE + index * mbrEntry.size
    const { status, type, start, count } = mbrEntry.decode(sector, offset)
    return { number: number(index), active: status === 0x80, status, type, start, count, offset: at + offset }
  }).filter(({ type, count }) => type !== 0 && count > 0)
}
