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
    ['status', u8],
    ['firstHead', u8],
    ['firstSector', u8],
    ['firstCylinder', u8],
    ['type', u8],
    ['lastHead', u8],
    ['lastSector', u8], // bits 6 and 7 are bits 8 and 9 of the cylinder
    ['lastCylinder', u8],
    ['start', u32le],
    ['count', u32le],
    ['otherEntries', raw(48)],
    ['signature', u16le],
  ],
  DISK_SECTOR,
)

/** The first 512 bytes of a hybrid image of `imageSize` bytes, which is whole cylinders. */
export function encodeHybridMbr(hybrid: HybridBoot, bootLba: number, imageSize: number): Uint8Array {
  // The table cannot name more than 1024 cylinders; what lies beyond is found by `count`.
  const lastCylinder = Math.min(imageSize / CYLINDER, 1024) - 1
  return masterBootRecord.encode({
    code: hybrid.mbr,
    imageSector: bootLba * (SECTOR / DISK_SECTOR),
    diskId: hybrid.diskId,
    reserved: 0,
    status: 0x80,
    firstHead: 0,
    firstSector: 1,
    firstCylinder: 0,
    type: 0x17,
    lastHead: HEADS - 1,
    lastSector: SECTORS + 64 * Math.floor(lastCylinder / 256),
    lastCylinder: lastCylinder % 256,
    start: 0,
    count: imageSize / DISK_SECTOR,
    otherEntries: new Uint8Array(48),
    signature: 0xaa55,
  })
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
