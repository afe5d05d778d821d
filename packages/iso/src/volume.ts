import type { Allocator } from './area.ts'
import type { Extent } from './directory-record.ts'
import { encodeDirectory, encodeRootRecord, type Placement } from './encode-directory.ts'
import type { Hierarchy } from './hierarchy.ts'
import type { Item } from './item.ts'
import type { IsoOptions } from './options.ts'
import { encodePathTable } from './path-table.ts'
import { SECTOR } from './sector.ts'
import { descriptorType, jolietVolumeDescriptor, primaryVolumeDescriptor } from './volume-descriptor.ts'

/** A hierarchy whose path tables and directories have their sectors. */
export interface PlacedVolume {
  readonly hierarchy: Hierarchy
  readonly placement: Placement
  readonly typeLPathTable: number
  readonly typeMPathTable: number
}

/**
 * Places path tables, directories and the continuation area; `label` goes before their owners' names. Sectors in them are
 * counted from `base`, where the volume starts; those of `sections` from the start of the image.
 */
export function placeVolume(
  sectors: Allocator,
  hierarchy: Hierarchy,
  { label, base }: { readonly label: string; readonly base: number },
  sections: (item: Item) => readonly Extent[],
): PlacedVolume {
  const extents = new Map<Item, Extent>()
  const directory = (item: Item) => {
    const extent = extents.get(item)
    if (!extent) throw new Error(`/${item.path} was not placed`)
    return extent
  }
  const size = hierarchy.pathTableSize
  const typeLPathTable =
    -base + sectors.placeBytes(`${label}path table L`, size, () => encodePathTable(hierarchy, placement, 'L'))
  const typeMPathTable =
    -base + sectors.placeBytes(`${label}path table M`, size, () => encodePathTable(hierarchy, placement, 'M'))
  for (const planned of hierarchy.directories) {
    const owner = `${label}directory /${planned.item.path}`
    const lba = sectors.placeBytes(owner, planned.size, () => encodeDirectory(planned, placement))
    extents.set(planned.item, { lba: lba - base, size: planned.size })
  }
  const { continuation } = hierarchy
  const continuationLba: number =
    -base +
    sectors.placeBytes(`${label}continuation area`, continuation.size, () =>
      continuation.encode(continuationLba),
    )
  const placement: Placement = {
    directory,
    // An empty file, a link or a device has no extent: its record says sector 0.
    sections: (item) =>
      sections(item).map(({ lba, size: length }) => ({ lba: length === 0 ? 0 : lba - base, size: length })),
    continuationLba,
  }
  return { hierarchy, placement, typeLPathTable, typeMPathTable }
}

/** Escape sequence of UCS-2 level 3: %/E (Joliet). */
const JOLIET_ESCAPE = [0x25, 0x2f, 0x45]

/** Primary or Joliet volume descriptor. */
export function encodeVolumeDescriptor(
  kind: 'iso' | 'joliet',
  volume: PlacedVolume | undefined,
  options: IsoOptions,
  sectorCount: number,
): Uint8Array {
  const joliet = kind === 'joliet'
  const escapeSequences = new Uint8Array(32)
  if (joliet) escapeSequences.set(JOLIET_ESCAPE)
  const root = volume?.hierarchy.directories[0]
  if (!root) throw new Error(`the ${kind} volume was not placed`)
  const text = (value: string | undefined, room = 128) =>
    (value ?? '').slice(0, joliet ? Math.floor(room / 2) : room)
  const table = joliet ? jolietVolumeDescriptor : primaryVolumeDescriptor
  return table.encode({
    type: joliet ? descriptorType.supplementary : descriptorType.primary,
    standardIdentifier: 'CD001',
    version: 1,
    flags: 0,
    systemIdentifier: text(options.systemId, 32),
    volumeIdentifier: joliet ? (options.jolietVolumeId ?? options.volumeId) : options.volumeId,
    unused: new Uint8Array(8),
    volumeSpaceSize: sectorCount,
    escapeSequences,
    volumeSetSize: 1,
    volumeSequenceNumber: 1,
    logicalBlockSize: SECTOR,
    pathTableSize: volume.hierarchy.pathTableSize,
    typeLPathTable: volume.typeLPathTable,
    optionalTypeLPathTable: 0,
    typeMPathTable: volume.typeMPathTable,
    optionalTypeMPathTable: 0,
    rootDirectoryRecord: encodeRootRecord(root, volume.placement),
    volumeSetIdentifier: text(options.volumeSetId),
    publisherIdentifier: text(options.publisher),
    dataPreparerIdentifier: text(options.preparer),
    applicationIdentifier: text(options.application),
    copyrightFileIdentifier: '',
    abstractFileIdentifier: '',
    bibliographicFileIdentifier: '',
    volumeCreation: options.created,
    volumeModification: options.modified ?? options.created,
    volumeExpiration: null,
    volumeEffective: null,
    fileStructureVersion: 1,
    reserved: 0,
    applicationUse: new Uint8Array(512),
    reservedEnd: new Uint8Array(653),
  })
}
