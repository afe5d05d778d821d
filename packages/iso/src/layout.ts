// Sector map of an image, in this order; parts that were not asked for take no sectors.
//
//        0  system area: 16 sectors, a master boot record when hybrid, and a GPT behind it when asked for
//       16  primary volume descriptor
//       17  boot record (El Torito; the specification fixes this sector)
//        …  Joliet volume descriptor
//        …  volume descriptor set terminator
//       32  the same descriptors once more for partition 1, whose sectors count from 16, when it is to be mounted alone
//        …  path tables L and M, directories, continuation area of the primary volume
//        …  path tables L and M, directories of the Joliet volume
//        …  both once more for partition 1
//        …  files in bytewise order of their paths, the boot catalogue among them
//        …  zeros up to a whole cylinder when hybrid: the end of partition 1
//        …  EFI system partition, partition 2 when hybrid, and further ones
//        …  zeros up to a whole cylinder when hybrid, the last of them a GPT's second copy

import { zeros } from '@ros/bytes'
import { CYLINDER } from '@ros/partitions'
import type { Tree, TreeNode } from '@ros/tree'
import { Allocator, type IsoArea } from './area.ts'
import { bootContent, checkBootImage, planBoot } from './boot.ts'
import { type DescriptorSet, placeDescriptorSet } from './descriptor-set.ts'
import type { Extent } from './directory-record.ts'
import { sectionsOf } from './extent.ts'
import { planHierarchy } from './hierarchy.ts'
import type { HybridPlaces } from './hybrid.ts'
import { collectItems, type Item } from './item.ts'
import { checkOptions, type IsoOptions, partitionOffset } from './options.ts'
import { SECTOR } from './sector.ts'
import { BACKUP_GPT, encodeBackupGpt, encodeSystemArea, SYSTEM_AREA } from './system-area.ts'
import { placeVolume } from './volume.ts'

/** An image with a place for every byte, ready to be written. */
export interface IsoLayout {
  /** Length of the image in bytes, whole sectors. */
  readonly size: number
  readonly sectorCount: number
  /** Back to back from sector 0 to the end. */
  readonly areas: readonly IsoArea[]
  /** Throws `ROS_ISO_BOOT` when a content that the options speak of is unfit for them. Called before the first byte. */
  check(): Promise<void>
}

/**
 * Places a tree in an image: nothing is read but names, metadata and sizes. Same tree and options, same bytes.
 *
 * Throws `IsoError`: `ROS_ISO_FIELD` for an option and `ROS_ISO_DATE` for a time that do not fit, `ROS_ISO_NAME` for a
 * name of more than 255 bytes, `ROS_ISO_BOOT` when the boot image is not in the tree or the catalogue's path is taken,
 * `ROS_ISO_LIMIT` above 65535 directories or 2³²−1 sectors.
 *
 * Standards: ECMA-119 (4th edition), SUSP 1.12, RRIP 1.12, Joliet, El Torito 1.0.
 */
export function layoutIso(given: Tree, options: IsoOptions): IsoLayout {
  checkOptions(options)
  const { boot } = options
  const esp = boot?.uefi?.esp
  const planned = boot && planBoot(given, boot, options.created)
  const tree = planned?.tree ?? given
  const lbas = new Map<TreeNode, number>()
  const lbaOf = (node: TreeNode | undefined) => (node && lbas.get(node)) ?? 0
  const start = boot ? partitionOffset(boot) : 0
  const appended: { lba: number; size: number; type: number }[] = []
  let espLba = 0
  let end = 0 // of the file system and partition 1

  const sectors = new Allocator()
  const places = (): HybridPlaces => ({
    imageLba: lbaOf(planned?.image),
    start,
    end,
    appended,
    sectorCount: sectors.next,
    ...(esp && { esp: { lba: espLba, size: esp.size } }),
  })
  sectors.placeBytes('system area', SYSTEM_AREA, () => encodeSystemArea(boot?.hybrid, places()))
  const kinds = (options.joliet ?? true) ? (['iso', 'joliet'] as const) : (['iso'] as const)
  const whole: DescriptorSet = {
    label: '',
    base: 0,
    end: () => sectors.next,
    volumes: new Map(),
    ...(planned && { catalogLba: () => lbas.get(planned.catalog) ?? 0 }),
  }
  const partition = { label: 'partition 1: ', base: start, end: () => end, volumes: new Map() }
  const sets: readonly DescriptorSet[] = start > 0 ? [whole, partition] : [whole]
  for (const set of sets) placeDescriptorSet(sectors, kinds, set, options)

  const root = collectItems(tree)
  const sections = ({ node }: Item): readonly Extent[] =>
    node.type === 'file' ? sectionsOf(lbas.get(node) ?? 0, node.content.size) : [{ lba: 0, size: 0 }]
  const hierarchies = kinds.map((kind) => {
    const rockRidge = kind === 'iso' && (options.rockRidge ?? true)
    return { kind, hierarchy: planHierarchy(root, { kind, rockRidge, names: options.names ?? 'strict' }) }
  })
  for (const { label, base, volumes } of sets) {
    for (const { kind, hierarchy } of hierarchies) {
      const owner = { label: kind === 'iso' ? label : `${label}Joliet `, base }
      volumes.set(kind, placeVolume(sectors, hierarchy, owner, sections))
    }
  }

  for (const { path, node } of tree) {
    if (node.type !== 'file' || lbas.has(node) || node.content.size === 0) continue
    const content = () =>
      planned && boot
        ? bootContent(planned, boot, node, { image: lbaOf(planned.image), ...uefiPlace() })
        : node.content
    lbas.set(node, sectors.place(`file /${path}`, node.content.size, content))
  }
  const uefiPlace = () => {
    const image = planned?.uefiImage
    if (esp) return { esp: { lba: espLba, size: esp.size } }
    return image && { esp: { lba: lbaOf(image), size: image.content.size } }
  }
  const pad = (owner: string, reserved = 0) => {
    const padding = (CYLINDER - ((sectors.next * SECTOR + reserved) % CYLINDER)) % CYLINDER
    if (boot?.hybrid) sectors.place(owner, padding, () => zeros(padding))
  }
  pad('padding to a cylinder')
  end = sectors.next
  if (esp) espLba = sectors.place('EFI system partition', esp.size, () => esp)
  for (const { type, content } of boot?.hybrid?.appended ?? [])
    appended.push({
      lba: sectors.place('appended partition', content.size, () => content),
      size: content.size,
      type,
    })
  const gpt = boot?.hybrid?.gpt
  pad('padding of the last cylinder', gpt ? BACKUP_GPT : 0)
  if (gpt) sectors.placeBytes('backup GPT', BACKUP_GPT, () => encodeBackupGpt(gpt, places()))
  return {
    size: sectors.next * SECTOR,
    sectorCount: sectors.next,
    areas: sectors.areas,
    check: async () => {
      if (planned && boot) await checkBootImage(planned, boot)
    },
  }
}

/** One line for each owner of sectors: first and last sector, bytes in use, owner. */
export function describeLayout({ areas }: IsoLayout): string {
  return describeAreas(areas)
}

/** The same for the sectors of any image, as `readSectors` gives them. */
export function describeAreas(areas: readonly Omit<IsoArea, 'content'>[]): string {
  const last = areas.at(-1)
  const sectorCount = last ? last.lba + last.sectorCount : 0
  const width = String(sectorCount).length
  const bytes = String(sectorCount * SECTOR).length
  const column = (value: number) => String(value).padStart(width)
  return areas
    .map(({ lba, sectorCount: count, size, owner }) => {
      const used = String(size).padStart(bytes)
      return `${column(lba)} … ${column(lba + count - 1)}  ${used} bytes  ${owner}\n`
    })
    .join('')
}
