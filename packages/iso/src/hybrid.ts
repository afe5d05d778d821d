import { type ByteSource, collect } from '@ros/bytes'
import {
  DISK_SECTOR,
  encodeMbrEntries,
  type MbrPartition,
  masterBootRecord,
  mbrType,
  protectivePartition,
} from '@ros/partitions'
import { IsoError } from './error.ts'
import type { HybridBoot } from './options.ts'
import { SECTOR, wholeSectors } from './sector.ts'

/** isolinux.bin carries these bytes at 64 when it can be started from a disk (syslinux, isohybrid.c). */
const SIGNATURE_OFFSET = 64
const SIGNATURE = [0xfb, 0xc0, 0x78, 0x70] as const

/** Where the parts of a hybrid image are, in sectors of 2048 bytes. */
export interface HybridPlaces {
  /** 0 without an image for the BIOS. */
  readonly imageLba: number
  /** Partition 1: the file system. */
  readonly start: number
  readonly end: number
  /** Partition 2: the EFI system partition, its size in bytes. */
  readonly esp?: { readonly lba: number; readonly size: number }
  /** Partitions behind it. */
  readonly appended: readonly { readonly lba: number; readonly size: number; readonly type: number }[]
  /** Length of the image. */
  readonly sectorCount: number
}

/** The first 512 bytes of a hybrid image. With a GPT one entry keeps everything from those who know no GPT (UEFI 2.10, §5.2.3). */
export function encodeHybridMbr(hybrid: HybridBoot, places: HybridPlaces): Uint8Array {
  const { imageLba, start, end, esp, appended, sectorCount } = places
  const factor = SECTOR / DISK_SECTOR
  const partitions: MbrPartition[] = []
  const add = (type: number, lba: number, size: number, active = false) =>
    partitions.push({ active, type, start: lba * factor, count: Math.ceil(size / DISK_SECTOR) })
  if (hybrid.gpt) partitions.push(protectivePartition(sectorCount * factor))
  else {
    add(hybrid.partitionType ?? mbrType.hiddenNtfs, start, (end - start) * SECTOR, true)
    if (esp) add(mbrType.efiSystem, esp.lba, esp.size)
    for (const { type, lba, size } of appended) add(type, lba, wholeSectors(size))
  }
  const { mbr, diskId, loader = 'isolinux' } = hybrid
  const known = loader !== 'none' && imageLba > 0
  const sector = masterBootRecord.encode({
    code: mbr.subarray(0, 432),
    // GRUB's code is told the sector behind its first one, in terms of 2048 bytes (xorriso, --grub2-mbr).
    imageSector: known ? imageLba * factor + (loader === 'grub' ? factor : 0) : 0,
    diskId,
    reserved: 0,
    partitions: encodeMbrEntries(partitions),
    signature: 0xaa55,
  })
  if (loader === 'none') sector.set(mbr)
  return sector
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
