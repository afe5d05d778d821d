import { type ByteSource, concat, fromBytes, readAll, u16le, u32le, u64le, zeros } from '@ros/bytes'
import { DiskError } from './error.ts'
import type { FatArea, FatLayout } from './fat-layout.ts'
import { encodeAdv } from './syslinux-adv.ts'
import type { SyslinuxBlobs } from './syslinux-blobs.ts'

const SECTOR = 512
const ADV_SECTORS = 2
/** Where ldlinux.sys is loaded to: an extent may not cross a 64 KiB boundary of memory. */
const LOAD_ADDRESS = 0x8000
const PATCH_MAGIC = 0x3eb2_02fe
/** BIOS parameter block and volume identity, which stay the volume's own, as long as FAT32 has them. */
const PARAMETERS = [11, 90] as const
const BACKUP_BOOT_SECTOR = 6

/** What has to stand in the volume's tree for ldlinux.sys, so that there is room for it. It takes no part in the result. */
export function ldlinuxPlaceholder({ ldlinuxSys }: SyslinuxBlobs): ByteSource {
  return zeros(Math.ceil(ldlinuxSys.length / SECTOR) * SECTOR + ADV_SECTORS * SECTOR)
}

/** Where SYSLINUX is put, and from which files. */
export interface SyslinuxOptions {
  /** Path of the placeholder in the volume. */
  readonly path: string
  /** Folder where ldlinux.c32 and syslinux.cfg are, as `syslinux --directory` takes it: `/syslinux`. Default: the root. */
  readonly directory?: string
}

/**
 * The volume with SYSLINUX installed, as `syslinux --directory … --install` does it: its boot sector and ldlinux.sys know where the
 * file's sectors lie. Throws `ROS_DISK_FIELD` when the placeholder is not in the volume or something does not fit.
 *
 * Source: SYSLINUX 6.04, libinstaller/syslxmod.c (syslinux_patch, syslinux_make_bootsect) and core/diskstart.inc.
 */
export async function installSyslinux(
  layout: FatLayout,
  blobs: SyslinuxBlobs,
  { path, directory }: SyslinuxOptions,
): Promise<FatLayout> {
  const place = layout.areas.find(({ owner }) => owner === `file ${path}`)
  const reserved = layout.areas[0]
  const wanted = ldlinuxPlaceholder(blobs).size
  if (!place || !reserved || place.size < wanted)
    throw fieldError(path, place ? `${place.size} bytes` : 'nothing there', `a file of ${wanted} bytes`)
  const first = place.offset / SECTOR
  const sectors = Array.from({ length: wanted / SECTOR }, (_, index) => first + index)
  const { bootSector, ldlinuxSys } = patchSyslinux(blobs, sectors, directory)

  const sector0 = await readAll(reserved.content, reserved.size)
  const whole = Uint8Array.from(sector0)
  const [from, to] = PARAMETERS
  const fitted = Uint8Array.from(bootSector)
  fitted.set(sector0.subarray(from, to), from)
  whole.set(fitted)
  if (layout.type === 'fat32') whole.set(fitted, BACKUP_BOOT_SECTOR * SECTOR)

  const content = concat([fromBytes(ldlinuxSys), fromBytes(encodeAdv()), zeros(place.size - wanted)])
  const areas = layout.areas.map((area): FatArea => {
    if (area === reserved) return { ...area, content: fromBytes(whole) }
    return area === place ? { ...area, content } : area
  })
  return { ...layout, areas, content: concat(areas.map((area) => area.content)) }
}

/** Boot sector and ldlinux.sys for a file whose sectors (counted from the volume's first) are given, those of the auxiliary data last. */
function patchSyslinux(blobs: SyslinuxBlobs, sectors: readonly number[], directory?: string): SyslinuxBlobs {
  const bootSector = Uint8Array.from(blobs.bootSector)
  const ldlinuxSys = new Uint8Array(Math.ceil(blobs.ldlinuxSys.length / SECTOR) * SECTOR)
  ldlinuxSys.set(blobs.ldlinuxSys)
  const count = ldlinuxSys.length / SECTOR
  const area = findPatchArea(ldlinuxSys)
  const extended = u16le.read(ldlinuxSys, area + 22, 'ldlinux.sys, extended patch area')
  const field = (index: number) =>
    u16le.read(ldlinuxSys, extended + 2 * index, 'ldlinux.sys, extended patch area')
  const [advPointer, directoryOffset, directoryLength] = [field(0), field(1), field(2)]
  const [extentsOffset, extentsCount, low, high] = [field(5), field(6), field(7), field(8)]

  const at = (index: number) => {
    const sector = sectors[index]
    if (sector !== undefined) return sector
    throw fieldError('ldlinux.sys', `${sectors.length} sectors`, `${count + ADV_SECTORS} sectors`)
  }
  const split = (sector: number) => [sector % 2 ** 32, Math.floor(sector / 2 ** 32)] as const
  const [lowPart, highPart] = split(at(0))
  u32le.write(bootSector, low, lowPart, 'boot sector, first sector')
  u32le.write(bootSector, high, highPart, 'boot sector, first sector')

  const words = Math.floor(blobs.ldlinuxSys.length / 4)
  u16le.write(ldlinuxSys, area + 8, count, 'ldlinux.sys, data sectors')
  u16le.write(ldlinuxSys, area + 10, ADV_SECTORS, 'ldlinux.sys, auxiliary sectors')
  u32le.write(ldlinuxSys, area + 12, words, 'ldlinux.sys, words')

  const extents = extentsOf(sectors.slice(1, count))
  if (extents.length > extentsCount)
    throw fieldError('ldlinux.sys', `${extents.length} extents`, `${extentsCount} extents`)
  ldlinuxSys.fill(0, extentsOffset, extentsOffset + 10 * extentsCount)
  extents.forEach(({ sector, length }, index) => {
    u64le.write(ldlinuxSys, extentsOffset + 10 * index, sector, 'ldlinux.sys, extent')
    u16le.write(ldlinuxSys, extentsOffset + 10 * index + 8, length, 'ldlinux.sys, extent')
  })
  for (let copy = 0; copy < ADV_SECTORS; copy++)
    u64le.write(ldlinuxSys, advPointer + 8 * copy, at(count + copy), 'ldlinux.sys, auxiliary sector')

  if (directory !== undefined) {
    const name = new TextEncoder().encode(`${directory}\0`)
    if (name.length > directoryLength)
      throw fieldError('syslinux directory', `${name.length} bytes`, `${directoryLength} bytes`)
    ldlinuxSys.set(name, directoryOffset)
  }
  u32le.write(ldlinuxSys, area + 16, 0, 'ldlinux.sys, checksum')
  let checksum = PATCH_MAGIC
  for (let word = 0; word < words; word++)
    checksum = (checksum - u32le.read(ldlinuxSys, 4 * word, 'ldlinux.sys') + 2 ** 32) % 2 ** 32
  u32le.write(ldlinuxSys, area + 16, checksum, 'ldlinux.sys, checksum')
  return { bootSector, ldlinuxSys }
}

function findPatchArea(ldlinuxSys: Uint8Array): number {
  const magic = Buffer.alloc(4)
  magic.writeUInt32LE(PATCH_MAGIC)
  const found = Buffer.from(ldlinuxSys.buffer, ldlinuxSys.byteOffset, ldlinuxSys.length).indexOf(magic)
  if (found >= 0) return found
  throw new DiskError('ROS_DISK_FORMAT', 'has no patch area', { subject: 'ldlinux.sys' })
}

/** Runs of consecutive sectors, each below 64 KiB and inside one 64 KiB segment of the memory that it is loaded to. */
function extentsOf(sectors: readonly number[]): { sector: number; length: number }[] {
  const extents: { sector: number; length: number }[] = []
  let address = LOAD_ADDRESS
  let base = LOAD_ADDRESS
  for (const sector of sectors) {
    const last = extents.at(-1)
    const size = last ? (last.length + 1) * SECTOR : 0
    const sameSegment = Math.floor(address / 65_536) === Math.floor((base + size - 1) / 65_536)
    if (last && sector === last.sector + last.length && size < 65_536 && sameSegment) last.length++
    else {
      base = address
      extents.push({ sector, length: 1 })
    }
    address += SECTOR
  }
  return extents
}

function fieldError(subject: string, got: string, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'SYSLINUX cannot be installed', { subject, got, limit })
}
