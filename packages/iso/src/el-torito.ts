import {
  type ByteSource,
  collect,
  concat,
  fromBytes,
  type RecordTable,
  slice,
  u16le,
  u32le,
  u64le,
} from '@ros/bytes'
import { IsoError } from './error.ts'
import type { IsoBoot } from './options.ts'
import { SECTOR } from './sector.ts'
import { bootEntry, sectionHeader, validationEntry } from './volume-descriptor.ts'

const UEFI = 0xef

/**
 * The boot catalogue, one sector: validation entry and initial entry for the BIOS (El Torito 1.0, §2), then with `uefi`
 * a section for platform EF (UEFI 2.10, §13.3.2.1). Without the BIOS that entry is the initial one.
 */
export function encodeCatalog(
  { bios }: IsoBoot,
  lbas: { readonly image: number; readonly esp?: { readonly lba: number; readonly size: number } },
): Uint8Array {
  const { image, esp } = lbas
  const catalog = new Uint8Array(SECTOR)
  const validation = {
    headerId: 1,
    platform: bios ? 0 : UEFI,
    reserved: 0,
    idString: '',
    checksum: 0,
    keyBytes: 0xaa55,
  }
  validationEntry.encodeInto(catalog, 0, validation)
  let sum = 0
  for (let i = 0; i < validationEntry.size; i += 2) sum += u16le.read(catalog, i, 'validation entry')
  const checksum = (0x1_0000 - (sum % 0x1_0000)) % 0x1_0000
  let position = 0
  const add = <V>(table: RecordTable<V>, values: V) => {
    table.encodeInto(catalog, position, values)
    position += table.size
  }
  add(validationEntry, { ...validation, checksum })
  if (bios) add(bootEntry, entry(bios.loadSectors ?? 4, image))
  if (bios && esp) add(sectionHeader, { indicator: 0x91, platform: UEFI, entryCount: 1, idString: '' })
  if (esp) add(bootEntry, entry(loadCount(esp.size), esp.lba))
  return catalog
}

/** 512-byte sectors of an EFI system partition; 0 stands for all to the end of the medium (UEFI 2.10, §13.3.2.1). */
function loadCount(size: number): number {
  const count = Math.ceil(size / 512)
  return count > 0xffff ? 0 : count
}

/** A bootable entry without emulation. */
function entry(sectorCount: number, loadLba: number) {
  return {
    bootIndicator: 0x88,
    media: 0,
    loadSegment: 0,
    systemType: 0,
    unused: 0,
    sectorCount,
    loadLba,
    selection: new Uint8Array(20),
  }
}

// The boot info table takes bytes 8 … 63; its checksum is taken over what follows it.
const TABLE_START = 8
const TABLE_END = 64

/**
 * The boot image with a boot info table in it: sector of the primary volume descriptor, sector and length of the image,
 * sum of its 32-bit words from byte 64 on, 40 zero bytes (genisoimage(8), "EL TORITO BOOT INFORMATION TABLE").
 * The source itself stays as it is. Throws `ROS_ISO_BOOT` for an image that ends before byte 64.
 */
export async function withBootInfoTable(
  image: ByteSource,
  { path, imageLba, descriptorLba }: { path: string; imageLba: number; descriptorLba: number },
): Promise<ByteSource> {
  if (image.size < TABLE_END) {
    throw new IsoError('ROS_ISO_BOOT', 'boot image has no room for a boot info table', {
      subject: path,
      got: `${image.size} bytes`,
      limit: `${TABLE_END} bytes or more`,
      hint: 'set bootInfoTable: false for an image that wants none',
    })
  }
  const rest = slice(image, TABLE_END, image.size - TABLE_END)
  const table = new Uint8Array(TABLE_END - TABLE_START)
  const values = [descriptorLba, imageLba, image.size, await sumOfWords(rest)]
  values.forEach((value, index) => {
    u32le.write(table, 4 * index, value, `boot info table of ${path}`)
  })
  return concat([slice(image, 0, TABLE_START), fromBytes(table), rest])
}

/** Sum of little-endian 32-bit words modulo 2³², a last part filled up with zeros. */
export async function sumOfWords(source: ByteSource): Promise<number> {
  let sum = 0
  let position = 0
  for await (const chunk of source.open()) {
    for (const byte of chunk) {
      sum += byte * 256 ** (position % 4)
      position++
    }
    sum %= 2 ** 32
  }
  return sum
}

// GRUB's eltorito.img finds the sector behind its first one here (xorriso, --grub2-boot-info): in 512-byte sectors, from 1.
const GRUB_INFO = 2548

/**
 * The boot image with GRUB's boot info in it; without a place with zeros there, over which the sum of the boot info table is taken. Throws
 * `ROS_ISO_BOOT` for an image that has no room for it.
 */
export function withGrubBootInfo(image: ByteSource, path: string, imageLba?: number): ByteSource {
  if (image.size < GRUB_INFO + u64le.size) {
    throw new IsoError('ROS_ISO_BOOT', "boot image has no room for GRUB's boot info", {
      subject: path,
      got: `${image.size} bytes`,
      limit: `${GRUB_INFO + u64le.size} bytes or more`,
    })
  }
  const info = new Uint8Array(u64le.size)
  if (imageLba !== undefined) u64le.write(info, 0, grubInfo(imageLba), `boot info of ${path}`)
  const end = GRUB_INFO + info.length
  return concat([slice(image, 0, GRUB_INFO), fromBytes(info), slice(image, end, image.size - end)])
}

function grubInfo(imageLba: number): number {
  return imageLba * (SECTOR / 512) + 5
}

/** What a boot image at `imageLba` has been told: whether there is a boot info table in its first bytes, and GRUB's. */
export async function readBootInfo(
  image: ByteSource,
  imageLba: number,
): Promise<{ table: boolean; grub: boolean }> {
  const length = Math.min(image.size, GRUB_INFO + u64le.size)
  const head = await collect(image.open(0, length), length)
  const word = (at: number) => (at + 4 <= length ? u32le.read(head, at, 'boot info') : 0)
  return {
    table: word(TABLE_START) === 16 && word(TABLE_START + 4) === imageLba,
    grub: word(GRUB_INFO) === grubInfo(imageLba) && word(GRUB_INFO + 4) === 0 && length > GRUB_INFO + 4,
  }
}
