// Sector map of an image, in this order; parts that were not asked for take no sectors.
//
//        0  system area: 16 sectors, the first 512 bytes a master boot record when hybrid
//       16  primary volume descriptor
//       17  boot record (El Torito; the specification fixes this sector)
//        …  Joliet volume descriptor
//        …  volume descriptor set terminator
//        …  path tables L and M, directories, continuation area of the primary volume
//        …  path tables L and M, directories of the Joliet volume
//        …  files in bytewise order of their paths, the boot catalogue among them
//        …  zeros up to a whole cylinder when hybrid

import { zeros } from '@ros/bytes'
import type { Tree, TreeNode } from '@ros/tree'
import { Allocator, type IsoArea } from './area.ts'
import { bootContent, checkBootImage, encodeBootRecord, planBoot } from './boot.ts'
import type { Extent } from './directory-record.ts'
import { sectionsOf } from './extent.ts'
import { planHierarchy } from './hierarchy.ts'
import { CYLINDER, encodeHybridMbr } from './hybrid.ts'
import { collectItems, type Item } from './item.ts'
import { checkOptions, type IsoOptions } from './options.ts'
import { SECTOR } from './sector.ts'
import { encodeVolumeDescriptor, type PlacedVolume, placeVolume } from './volume.ts'
import { encodeTerminator } from './volume-descriptor.ts'

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

const SYSTEM_AREA = 16 * SECTOR
const DESCRIPTOR_LBA = 16

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
  const planned = boot && planBoot(given, boot, options.created)
  const tree = planned?.tree ?? given
  const lbas = new Map<TreeNode, number>()
  const imageLba = () => (planned && lbas.get(planned.image)) ?? 0

  const sectors = new Allocator()
  sectors.placeBytes('system area', SYSTEM_AREA, () => {
    const area = new Uint8Array(SYSTEM_AREA)
    if (boot?.hybrid) area.set(encodeHybridMbr(boot.hybrid, imageLba(), sectors.next * SECTOR))
    return area
  })
  const kinds = (options.joliet ?? true) ? (['iso', 'joliet'] as const) : (['iso'] as const)
  const volumes = new Map<'iso' | 'joliet', PlacedVolume>()
  for (const kind of kinds) {
    const owner = kind === 'iso' ? 'primary volume descriptor' : 'Joliet volume descriptor'
    sectors.placeBytes(owner, SECTOR, () =>
      encodeVolumeDescriptor(kind, volumes.get(kind), options, sectors.next),
    )
    if (planned && kind === 'iso')
      sectors.placeBytes('boot record', SECTOR, () => encodeBootRecord(lbas.get(planned.catalog) ?? 0))
  }
  sectors.placeBytes('volume descriptor set terminator', SECTOR, encodeTerminator)

  const root = collectItems(tree)
  const sections = ({ node }: Item): readonly Extent[] =>
    node.type === 'file' ? sectionsOf(lbas.get(node) ?? 0, node.content.size) : [{ lba: 0, size: 0 }]
  for (const kind of kinds) {
    const rockRidge = kind === 'iso' && (options.rockRidge ?? true)
    const label = kind === 'iso' ? '' : 'Joliet '
    volumes.set(kind, placeVolume(sectors, planHierarchy(root, { kind, rockRidge }), label, sections))
  }

  for (const { path, node } of tree) {
    if (node.type !== 'file' || lbas.has(node) || node.content.size === 0) continue
    const content = () =>
      planned && boot ? bootContent(planned, boot, node, imageLba(), DESCRIPTOR_LBA) : node.content
    lbas.set(node, sectors.place(`file /${path}`, node.content.size, content))
  }
  if (boot?.hybrid) {
    const padding = (CYLINDER - ((sectors.next * SECTOR) % CYLINDER)) % CYLINDER
    sectors.place('padding to a cylinder', padding, () => zeros(padding))
  }
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
export function describeLayout(layout: IsoLayout): string {
  const width = String(layout.sectorCount).length
  const column = (value: number) => String(value).padStart(width)
  return layout.areas
    .map(({ lba, sectorCount, size, owner }) => {
      const used = String(size).padStart(String(layout.size).length)
      return `${column(lba)} … ${column(lba + sectorCount - 1)}  ${used} bytes  ${owner}\n`
    })
    .join('')
}
