import { type ByteSource, concat, fromBytes, type RecordTable, slice, u16le, u32le } from '@ros/bytes'
import { IsoError } from './error.ts'
import type { IsoBoot } from './options.ts'
import { SECTOR } from './sector.ts'
import { bootEntry, sectionHeader, validationEntry } from './volume-descriptor.ts'

const UEFI = 0xef

/**
 * The boot catalogue, one sector: validation entry and initial entry for the BIOS (El Torito 1.0, §2), then with `uefi`
 * a section for platform EF (UEFI 2.10, §13.3.2.1).
 */
export function encodeCatalog({ bios, uefi }: IsoBoot, lbas: { image: number; esp: number }): Uint8Array {
  const catalog = new Uint8Array(SECTOR)
  const validation = { headerId: 1, platform: 0, reserved: 0, idString: '', checksum: 0, keyBytes: 0xaa55 }
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
  add(bootEntry, entry(bios.loadSectors ?? 4, lbas.image))
  if (uefi) {
    add(sectionHeader, { indicator: 0x91, platform: UEFI, entryCount: 1, idString: '' })
    add(bootEntry, entry(uefi.esp.size / 512, lbas.esp))
  }
  return catalog
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
