import { raw, record, u8, u32le } from '@ros/bytes'
import { DiskError } from './error.ts'

/** Master boot record (UEFI 2.10, §5.2.1). */
const mbrRecord = record(
  'master boot record',
  [
    ['bootCode', raw(440)],
    ['signature', u32le], // tells the machine's disks apart
    ['reserved', raw(2)],
    ['entries', raw(64)],
    ['mark', raw(2)],
  ],
  512,
)

/** An entry of its table (§5.2.1, table 5.2). */
const mbrEntry = record(
  'MBR partition entry',
  [
    ['status', u8],
    ['firstChs', raw(3)],
    ['type', u8],
    ['lastChs', raw(3)],
    ['firstSector', u32le],
    ['sectorCount', u32le],
  ],
  16,
)

export interface MbrPartition {
  /** 0x0c FAT32, 0x83 Linux, 0xef EFI system partition, 0xee protective … */
  readonly type: number
  /** First sector of 512 bytes, and how many. */
  readonly firstSector: number
  readonly sectorCount: number
  /** The BIOS starts its boot sector. */
  readonly active?: boolean
}

export interface MbrOptions {
  /** At most 440 bytes; default none. */
  readonly bootCode?: Uint8Array
  /** 32 bits; default 0. */
  readonly signature?: number
  /** At most four. */
  readonly partitions: readonly MbrPartition[]
}

const MAX_SECTORS = 0xffff_ffff

/** Sector 0 of a disk. Throws `ROS_DISK_FIELD` for what has no room there. */
export function encodeMbr({ bootCode, signature = 0, partitions }: MbrOptions): Uint8Array {
  const code = new Uint8Array(440)
  if (bootCode && bootCode.length > code.length)
    throw fieldError('boot code', `${bootCode.length} bytes`, `${code.length} bytes`)
  if (partitions.length > 4) throw fieldError('partitions', String(partitions.length), '4')
  code.set(bootCode ?? [])
  const entries = new Uint8Array(64)
  partitions.forEach(({ type, firstSector, sectorCount, active }, index) => {
    if (firstSector + sectorCount > MAX_SECTORS + 1)
      throw fieldError(`partition ${index + 1}`, `ends at sector ${firstSector + sectorCount}`, '2 TiB')
    mbrEntry.encodeInto(entries, index * mbrEntry.size, {
      status: active ? 0x80 : 0,
      firstChs: cylinderHeadSector(firstSector),
      type,
      lastChs: cylinderHeadSector(firstSector + sectorCount - 1),
      firstSector,
      sectorCount,
    })
  })
  return mbrRecord.encode({
    bootCode: code,
    signature,
    reserved: new Uint8Array(2),
    entries,
    mark: Uint8Array.of(0x55, 0xaa),
  })
}

/** The MBR before a GPT: one partition over the whole disk, or as much of it as 32 bits can say (UEFI 2.10, §5.2.3). */
export function encodeProtectiveMbr(sectorCount: number, bootCode?: Uint8Array): Uint8Array {
  const whole = { type: 0xee, firstSector: 1, sectorCount: Math.min(sectorCount - 1, MAX_SECTORS) }
  return encodeMbr({ partitions: [whole], ...(bootCode && { bootCode }) })
}

/** Old firmware reads these: 255 heads of 63 sectors, and the highest value where that does not reach. */
function cylinderHeadSector(sector: number): Uint8Array {
  const cylinder = Math.floor(sector / (255 * 63))
  if (cylinder > 1023) return Uint8Array.of(0xfe, 0xff, 0xff)
  const head = Math.floor(sector / 63) % 255
  return Uint8Array.of(head, (sector % 63) + 1 + Math.floor(cylinder / 256) * 64, cylinder % 256)
}

function fieldError(subject: string, got: string, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'master boot record cannot have this', { subject, got, limit })
}
