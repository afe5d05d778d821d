import { type ByteSource, collect, concat, slice, u16le, u32le, zeros } from '@ros/bytes'
import {
  DISK_SECTOR,
  decodeGuid,
  encodeGuid,
  mbrType,
  type ReadMbr,
  readGptCopies,
  readMbr,
} from '@ros/partitions'
import { readBootInfo } from './el-torito.ts'
import { IsoError } from './error.ts'
import type { AppendedPartition, BiosBoot, GptOptions, HybridBoot, IsoBoot, UefiBoot } from './options.ts'
import type { IsoImage } from './read.ts'
import type { BootEntry } from './read-boot.ts'
import { SECTOR } from './sector.ts'

const PER_SECTOR = SECTOR / DISK_SECTOR

/** The boot options by which an image is made again; undefined when it does not boot. */
export async function keptBoot(
  source: ByteSource,
  image: IsoImage,
  catalog: string,
): Promise<{ boot?: IsoBoot; notKept: string[] }> {
  const notKept: string[] = []
  const entries = image.bootEntries.filter(({ bootable }) => bootable)
  const isUefi = (entry: BootEntry) => entry.platform === 'efi'
  const biosEntries = entries.filter(({ platform }) => platform === 'x86')
  const uefiEntries = entries.filter(isUefi)
  for (const { platform, lba } of entries)
    if (platform !== 'x86' && platform !== 'efi')
      notKept.push(`boot entry of platform ${platform} at sector ${lba}`)
  for (const more of [biosEntries, uefiEntries])
    for (const { lba } of more.slice(1)) notKept.push(`a second boot entry of its kind, at sector ${lba}`)
  const [biosEntry, uefiEntry] = [biosEntries[0], uefiEntries[0]]
  const mbr = await readMbr(source)
  const hybrid = !!mbr && (mbr.entries.length > 0 || mbr.code.some((byte) => byte !== 0))
  if (!biosEntry && !uefiEntry) {
    if (hybrid) notKept.push('master boot record of an image without boot entries')
    return { notKept }
  }
  const bios = biosEntry && (await keptBios(image, biosEntry, catalog))
  const esp = uefiEntry && (await espOf(source, image, uefiEntry, mbr))
  let uefi: UefiBoot | undefined
  if (uefiEntry && esp) {
    // As a file of the tree it is none of a partition checker's business only where there are no partitions.
    const place = uefiEntry.path !== undefined && !hybrid ? { image: uefiEntry.path } : { esp }
    uefi = { ...place, ...(bios ? {} : { catalog }) }
  }
  const kept = mbr && hybrid && (await keptHybrid(source, mbr, { biosEntry, uefiEntry, notKept }))
  return { boot: { ...(bios && { bios }), ...(uefi && { uefi }), ...(kept && { hybrid: kept }) }, notKept }
}

async function keptBios({ tree }: IsoImage, entry: BootEntry, catalog: string): Promise<BiosBoot> {
  const { path, lba, media, loadSectors } = entry
  const node = path === undefined ? undefined : tree.get(path)
  if (path === undefined || node?.type !== 'file' || media !== 0) {
    throw new IsoError('ROS_ISO_BOOT', 'boot entry cannot be kept', {
      subject: `BIOS entry, sector ${lba}`,
      got: media === 0 ? 'an image that is no file of the tree' : `emulation of a disk, media type ${media}`,
      limit: 'an image without emulation that is a file of the tree',
    })
  }
  const { table, grub } = await readBootInfo(node.content, lba)
  return { image: path, catalog, loadSectors: loadSectors || 4, bootInfoTable: table, grubBootInfo: grub }
}

/** The EFI system partition: as long as its partition, its file, or what El Torito says, whichever is told first. */
async function espOf(
  source: ByteSource,
  { tree }: IsoImage,
  { lba, path, loadSectors }: BootEntry,
  mbr: ReadMbr | undefined,
): Promise<ByteSource> {
  const partition = mbr?.entries.find(
    ({ start, type }) => start === lba * PER_SECTOR && type === mbrType.efiSystem,
  )
  const node = path === undefined ? undefined : tree.get(path)
  const told = loadSectors > 1 ? loadSectors * DISK_SECTOR : undefined
  const size =
    (partition && partition.count * DISK_SECTOR) ??
    (node?.type === 'file' ? node.content.size : undefined) ??
    told ??
    (await fatSize(source, lba))
  const content = slice(source, lba * SECTOR, Math.min(size, source.size - lba * SECTOR))
  const padding = (DISK_SECTOR - (content.size % DISK_SECTOR)) % DISK_SECTOR
  return padding === 0 ? content : concat([content, zeros(padding)])
}

/** What a FAT volume's boot sector says (Microsoft FAT specification 1.03); to the end of the image where it is none. */
async function fatSize(source: ByteSource, lba: number): Promise<number> {
  const rest = source.size - lba * SECTOR
  if (rest < DISK_SECTOR) return rest
  const sector = await collect(source.open(lba * SECTOR, DISK_SECTOR), DISK_SECTOR)
  const sectors = u16le.read(sector, 19, 'FAT') || u32le.read(sector, 32, 'FAT')
  return sectors === 0 ? rest : sectors * u16le.read(sector, 11, 'FAT')
}

async function keptHybrid(
  source: ByteSource,
  mbr: ReadMbr,
  {
    biosEntry,
    uefiEntry,
    notKept,
  }: { biosEntry: BootEntry | undefined; uefiEntry: BootEntry | undefined; notKept: string[] },
): Promise<HybridBoot> {
  const first = mbr.entries.find(({ number }) => number === 1)
  const protective = first?.type === mbrType.protective
  const gpt = await keptGpt(source, uefiEntry, notKept)
  const start = (protective ? gpt?.start : first?.start) ?? 0
  const end = first && !protective ? first.start + first.count : 0
  const appended: AppendedPartition[] = []
  for (const entry of mbr.entries) {
    const { number, type, start: from, count } = entry
    const isEsp = uefiEntry && from === uefiEntry.lba * PER_SECTOR
    if (number === 1 || isEsp || type === mbrType.protective) continue
    const inside = from < end || from % PER_SECTOR !== 0 || (from + count) * DISK_SECTOR > source.size
    if (inside || number > 4) notKept.push(`partition ${number}, type ${type.toString(16)}`)
    else appended.push({ type, content: slice(source, from * DISK_SECTOR, count * DISK_SECTOR) })
  }
  const at = biosEntry && biosEntry.lba * PER_SECTOR
  const loader =
    at === undefined
      ? 'none'
      : mbr.imageSector === at
        ? 'isolinux'
        : mbr.imageSector === at + PER_SECTOR
          ? 'grub'
          : 'none'
  // The second descriptor set, 16 sectors behind the partition's start, makes no sense elsewhere.
  const offset = start / PER_SECTOR
  return {
    mbr: loader === 'none' ? mbr.sector.slice(0, 440) : mbr.code,
    diskId: mbr.diskId,
    loader,
    ...(first && !protective && { partitionType: first.type }),
    ...(Number.isInteger(offset) && offset >= 16 && { partitionOffset: offset }),
    ...(appended.length > 0 && { appended }),
    ...(protective && gpt && { gpt: gpt.options }),
  }
}

/** Identifiers of a GPT that counts: that of the file system, and of the EFI system partition. */
async function keptGpt(
  source: ByteSource,
  uefiEntry: BootEntry | undefined,
  notKept: string[],
): Promise<{ options: GptOptions; start: number } | undefined> {
  const copies = await readGptCopies(source)
  const gpt = [copies.primary, copies.backup].find((copy) => copy?.faults.length === 0)
  if (!gpt) return undefined
  const esp = gpt.partitions.find(({ start }) => start === (uefiEntry?.lba ?? -1) * PER_SECTOR)
  const volume = gpt.partitions.find((partition) => partition !== esp)
  for (const { number, name } of gpt.partitions)
    if (number !== esp?.number && number !== volume?.number)
      notKept.push(`GPT partition ${number} ${name}`.trim())
  const derived = (last: number) => {
    const bytes = encodeGuid(gpt.diskGuid)
    bytes[15] = ((bytes[15] ?? 0) + last) % 256
    return decodeGuid(bytes)
  }
  const partitionGuids = [volume?.guid ?? derived(1), esp?.guid ?? derived(2)] as const
  return { options: { diskGuid: gpt.diskGuid, partitionGuids }, start: volume?.start ?? 0 }
}
