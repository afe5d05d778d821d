import { raw, record, u8, u16le, u32le, u64le } from '@ros/bytes'

/** Sectors of partition tables, in bytes. */
export const DISK_SECTOR = 512
/** Geometry that is pretended: 64 heads of 32 sectors of 512 bytes make cylinders of 1 MiB. */
const HEADS = 64
const SECTORS = 32
/** Bytes of a cylinder in the geometry that addresses of an MBR are given in. */
export const CYLINDER = HEADS * SECTORS * DISK_SECTOR

/** Master boot record (UEFI 2.10, table 5.1); isolinux's and GRUB's code find their image by a number in front of the signature. */
export const masterBootRecord = record(
  'master boot record',
  [
    ['code', raw(432)],
    ['imageSector', u64le], // of 512 bytes
    ['diskId', u32le],
    ['reserved', u16le],
    ['partitions', raw(64)],
    ['signature', u16le],
  ],
  DISK_SECTOR,
)

export const MBR_SIGNATURE = 0xaa55

/** One of the four entries of a master boot record (UEFI 2.10, table 5.2). */
export const mbrEntry = record(
  'partition entry',
  [
    ['status', u8], // 0x80: active
    ['firstHead', u8],
    ['firstSector', u8], // bits 6 and 7 are bits 8 and 9 of the cylinder
    ['firstCylinder', u8],
    ['type', u8],
    ['lastHead', u8],
    ['lastSector', u8],
    ['lastCylinder', u8],
    ['start', u32le],
    ['count', u32le],
  ],
  16,
)

export const MBR_ENTRIES = 4

/** Types of partitions that are spoken of by name. */
export const mbrType = {
  fat32: 0x0c,
  hiddenNtfs: 0x17,
  linux: 0x83,
  protective: 0xee,
  efiSystem: 0xef,
} as const

/** A partition as the table names it: sectors of 512 bytes, at least one. */
export interface MbrPartition {
  readonly active: boolean
  readonly type: number
  readonly start: number
  readonly count: number
}

/** The entry's 16 bytes. Throws `ROS_BYTES_RANGE` for what needs more than 32 bits. */
export function encodeMbrEntry({ active, type, start, count }: MbrPartition): Uint8Array {
  const first = geometry(start)
  const last = geometry(start + count - 1)
  return mbrEntry.encode({
    status: active ? 0x80 : 0,
    firstHead: first.head,
    firstSector: first.sector,
    firstCylinder: first.cylinder,
    type,
    lastHead: last.head,
    lastSector: last.sector,
    lastCylinder: last.cylinder,
    start,
    count,
  })
}

/** The 64 bytes of all four entries, those without a partition zero. */
export function encodeMbrEntries(partitions: readonly MbrPartition[]): Uint8Array {
  const entries = new Uint8Array(MBR_ENTRIES * mbrEntry.size)
  partitions.forEach((partition, index) => {
    entries.set(encodeMbrEntry(partition), index * mbrEntry.size)
  })
  return entries
}

/** What keeps a disk with a GPT from those who know none: all of it, as far as 32 bits reach (UEFI 2.10, §5.2.3). */
export function protectivePartition(sectorCount: number): MbrPartition {
  return { active: false, type: mbrType.protective, start: 1, count: Math.min(sectorCount - 1, 0xffff_ffff) }
}

/** Cylinder, head and sector; what lies beyond 1024 cylinders has the last one there is, and is found by `start` and `count`. */
function geometry(sector: number) {
  const at = Math.min(sector, 1024 * HEADS * SECTORS - 1)
  const cylinder = Math.floor(at / (HEADS * SECTORS))
  return {
    head: Math.floor(at / SECTORS) % HEADS,
    sector: (at % SECTORS) + 1 + 64 * Math.floor(cylinder / 256),
    cylinder: cylinder % 256,
  }
}
