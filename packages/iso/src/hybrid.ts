import { type ByteSource, collect, raw, record, u8, u16le, u32le, u64le } from '@ros/bytes'
import { IsoError } from './error.ts'
import type { HybridBoot } from './options.ts'
import { SECTOR } from './sector.ts'

/** Geometry that isohybrid pretends: 64 heads of 32 sectors of 512 bytes make cylinders of 1 MiB. */
const HEADS = 64
const SECTORS = 32
const DISK_SECTOR = 512
export const CYLINDER = HEADS * SECTORS * DISK_SECTOR

/** isolinux.bin carries these bytes at 64 when it can be started from a disk (syslinux, isohybrid.c). */
const SIGNATURE_OFFSET = 64
const SIGNATURE = [0xfb, 0xc0, 0x78, 0x70] as const

/** Master boot record: isohdpfx's code, where it finds isolinux, the partition table. */
const masterBootRecord = record(
  'master boot record',
  [
    ['code', raw(432)],
    ['imageSector', u64le], // first sector of isolinux.bin, in 512-byte sectors
    ['diskId', u32le],
    ['reserved', u16le],
    ['partitions', raw(64)],
    ['signature', u16le],
  ],
  DISK_SECTOR,
)

const partitionEntry = record(
  'partition entry',
  [
    ['status', u8],
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

/** A partition as the table names it: sectors of 512 bytes, at least one. */
interface Partition {
  readonly active: boolean
  readonly type: number
  readonly start: number
  readonly count: number
}

const HIDDEN_NTFS = 0x17
const EFI_SYSTEM = 0xef
const PROTECTIVE = 0xee

/** Where the parts of a hybrid image are, in sectors of 2048 bytes. */
export interface HybridPlaces {
  readonly imageLba: number
  /** Partition 1: the file system. */
  readonly start: number
  readonly end: number
  /** Partition 2: the EFI system partition, its size in bytes. */
  readonly esp?: { readonly lba: number; readonly size: number }
  /** Length of the image. */
  readonly sectorCount: number
}

/** The first 512 bytes of a hybrid image. With a GPT one entry keeps everything from those who know no GPT (UEFI 2.10, §5.2.3). */
export function encodeHybridMbr(hybrid: HybridBoot, places: HybridPlaces): Uint8Array {
  const { imageLba, start, end, esp, sectorCount } = places
  const factor = SECTOR / DISK_SECTOR
  const partitions = new Uint8Array(64)
  const write = (index: number, partition: Partition) =>
    partitions.set(encodePartition(partition), index * partitionEntry.size)
  if (hybrid.gpt) write(0, { active: false, type: PROTECTIVE, start: 1, count: sectorCount * factor - 1 })
  else {
    write(0, { active: true, type: HIDDEN_NTFS, start: start * factor, count: (end - start) * factor })
    if (esp)
      write(1, { active: false, type: EFI_SYSTEM, start: esp.lba * factor, count: esp.size / DISK_SECTOR })
  }
  return masterBootRecord.encode({
    code: hybrid.mbr,
    imageSector: imageLba * factor,
    diskId: hybrid.diskId,
    reserved: 0,
    partitions,
    signature: 0xaa55,
  })
}

function encodePartition({ active, type, start, count }: Partition): Uint8Array {
  const first = geometry(start)
  const last = geometry(start + count - 1)
  return partitionEntry.encode({
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

/** Throws `ROS_ISO_BOOT` unless the boot image says that it can be started from a disk. */
export async function checkHybridImage(image: ByteSource, path: string): Promise<void> {
  const end = SIGNATURE_OFFSET + SIGNATURE.length
  const found =
    image.size < end
      ? new Uint8Array()
      : await collect(image.open(SIGNATURE_OFFSET, SIGNATURE.length), SIGNATURE.length)
  if (SIGNATURE.every((byte, index) => found[index] === byte)) return
  throw new IsoError(
    'ROS_ISO_BOOT',
    'boot image cannot be started from a disk: it has no isolinux signature',
    {
      subject: path,
      got:
        found.length === 0 ? `${image.size} bytes` : Array.from(found, (byte) => byte.toString(16)).join(' '),
      limit: `fb c0 78 70 at byte ${SIGNATURE_OFFSET}`,
      hint: 'use isolinux.bin of syslinux 3.72 or later, or leave boot.hybrid out',
    },
  )
}
