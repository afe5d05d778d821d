import { u16le } from '@ros/bytes'
import { IsoError } from './error.ts'
import type { ImageBytes } from './image-bytes.ts'
import { bootEntry, validationEntry } from './volume-descriptor.ts'

/** A boot image as the catalogue lists it. */
export interface BootEntry {
  /** `x86` is the BIOS. A number that El Torito and UEFI do not name is given as it is. */
  readonly platform: 'x86' | 'ppc' | 'mac' | 'efi' | number
  readonly bootable: boolean
  /** 0 no emulation; 1, 2, 3 floppy disk of 1.2, 1.44, 2.88 MB; 4 hard disk. */
  readonly media: number
  readonly loadSegment: number
  /** How much is loaded, in 512-byte sectors. */
  readonly loadSectors: number
  readonly lba: number
  /** The file of the tree that starts at `lba`, where there is one. */
  readonly path?: string
}

const platforms = new Map<number, BootEntry['platform']>([
  [0, 'x86'],
  [1, 'ppc'],
  [2, 'mac'],
  [0xef, 'efi'],
])

const ENTRY = bootEntry.size
const headerMore = 0x90
const headerLast = 0x91
const extension = 0x44

/** Reads the boot catalogue, one sector. Throws `ROS_ISO_FORMAT`, `ROS_ISO_EXTENT`. */
export async function readCatalog(
  image: ImageBytes,
  lba: number,
  pathAt: (lba: number) => string | undefined,
): Promise<BootEntry[]> {
  const subject = `boot catalogue at sector ${lba}`
  const sector = await image.sector(subject, lba)
  const { headerId, platform, keyBytes } = validationEntry.decode(sector)
  let sum = 0
  for (let i = 0; i < ENTRY; i += 2) sum += u16le.read(sector, i, subject)
  if (headerId !== 1 || keyBytes !== 0xaa55 || sum % 0x1_0000 !== 0) {
    throw new IsoError('ROS_ISO_FORMAT', 'boot catalogue does not validate', {
      subject,
      limit: 'El Torito 1.0, figure 2',
    })
  }
  const entries: BootEntry[] = []
  const add = (offset: number, number: number) => {
    const { bootIndicator, media, loadSegment, sectorCount, loadLba } = bootEntry.decode(sector, offset)
    image.check(`${subject}, entry ${entries.length + 1}`, loadLba, Math.min(sectorCount, 1) * 512)
    const path = pathAt(loadLba)
    entries.push({
      platform: platforms.get(number) ?? number,
      bootable: bootIndicator === 0x88,
      media: media % 16, // the high bits say whether extensions follow
      loadSegment,
      loadSectors: sectorCount,
      lba: loadLba,
      ...(path !== undefined && { path }),
    })
  }
  add(ENTRY, platform)
  for (let offset = 2 * ENTRY; offset + ENTRY <= sector.length; ) {
    const header = sector[offset]
    if (header !== headerMore && header !== headerLast) break
    const number = sector[offset + 1] ?? 0
    const count = u16le.read(sector, offset + 2, subject)
    offset += ENTRY
    for (let i = 0; i < count && offset + ENTRY <= sector.length; offset += ENTRY) {
      if (sector[offset] === extension) continue
      add(offset, number)
      i++
    }
    if (header === headerLast) break
  }
  return entries
}
