import { zeros } from '@ros/bytes'
import type { Allocator } from './area.ts'
import { encodeBootRecord } from './boot.ts'
import type { IsoOptions } from './options.ts'
import { SECTOR } from './sector.ts'
import { encodeVolumeDescriptor, type PlacedVolume } from './volume.ts'
import { encodeTerminator } from './volume-descriptor.ts'

/** A volume descriptor set starts 16 sectors behind the start of its volume (ECMA-119 §6.2.1). */
export const DESCRIPTOR_LBA = 16

export interface DescriptorSet {
  /** Goes before the owners' names. */
  readonly label: string
  /** Sector at which the volume starts: 0, or the partition's for a second set. All its numbers count from there. */
  readonly base: number
  /** The sector behind the volume, known once everything is placed. */
  readonly end: () => number
  /** Filled in while the volumes are placed. */
  readonly volumes: Map<'iso' | 'joliet', PlacedVolume>
  /** Sector of the boot catalogue, for the set that firmware reads. */
  readonly catalogLba?: () => number
}

/** Places the descriptors of a set where its volume wants them, with zeros before them where that leaves a gap. */
export function placeDescriptorSet(
  sectors: Allocator,
  kinds: readonly ('iso' | 'joliet')[],
  set: DescriptorSet,
  options: IsoOptions,
): void {
  const { label, base, volumes, catalogLba } = set
  const gap = (base + DESCRIPTOR_LBA - sectors.next) * SECTOR
  sectors.place(`${label}padding to its descriptors`, gap, () => zeros(gap))
  for (const kind of kinds) {
    const owner = kind === 'iso' ? 'primary volume descriptor' : 'Joliet volume descriptor'
    sectors.placeBytes(`${label}${owner}`, SECTOR, () =>
      encodeVolumeDescriptor(kind, volumes.get(kind), options, set.end() - base),
    )
    if (catalogLba && kind === 'iso')
      sectors.placeBytes('boot record', SECTOR, () => encodeBootRecord(catalogLba()))
  }
  sectors.placeBytes(`${label}volume descriptor set terminator`, SECTOR, encodeTerminator)
}
