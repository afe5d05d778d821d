import type { ByteSource } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import { directoryRecord, type Extent } from './directory-record.ts'
import { IsoError } from './error.ts'
import { ImageBytes } from './image-bytes.ts'
import { lintIso } from './lint-iso.ts'
import { type BootEntry, readCatalog } from './read-boot.ts'
import { type Descriptors, readDescriptors } from './read-descriptors.ts'
import { type Hierarchy, hasRockRidge, readTree } from './read-tree.ts'

/** Which hierarchy is read, and the reader's bounds. */
export interface ReadIsoOptions {
  /** Take this one or throw `ROS_ISO_FORMAT`. Default: the first there is of Rock Ridge, Joliet, plain. */
  readonly hierarchy?: Hierarchy
  /**
   * `strict` throws for every error that `lintIso` finds, before anything is read. `lenient` reads what can be read: records that break the
   * rules are left out, files that the image ends in are cut, and `problems` tells. Default: what is needed must be right, and what is not is not looked at.
   */
  readonly mode?: 'strict' | 'lenient'
}

/** An ISO image, read. */
export interface IsoImage {
  readonly volume: IsoVolume
  /** Which hierarchies the image has; the first is the one that `tree` was read from unless another was asked for. */
  readonly hierarchies: readonly Hierarchy[]
  /** Contents are slices of the source, read when they are opened. */
  readonly tree: Tree
  /** With `lenient`, what was gone around; else empty. */
  readonly problems: readonly IsoError[]
  /** Whether a UDF file system shows the same files; it is not read. */
  readonly udf: boolean
  /** El Torito's entries; empty when the image does not boot. */
  readonly bootEntries: readonly BootEntry[]
  /** Where their catalogue is, and the file of the tree that it is. */
  readonly bootCatalog?: { readonly lba: number; readonly path?: string }
}

/** Fields of the primary volume descriptor. Times are seconds since 1970 UTC, null when not specified. */
export interface IsoVolume {
  readonly systemId: string
  readonly volumeId: string
  readonly jolietVolumeId?: string
  readonly volumeSetId: string
  readonly publisher: string
  readonly preparer: string
  readonly application: string
  readonly created: number | null
  readonly modified: number | null
  /** Length that the volume claims, in sectors of 2048 bytes. */
  readonly sectorCount: number
}

/**
 * Reads an image's descriptors and directories; contents stay where they are. Symbolic links are not followed, a
 * relocated directory is shown where Rock Ridge says it belongs.
 *
 * Throws `IsoError` only: `ROS_ISO_FORMAT` for what is no such image or breaks its rules, `ROS_ISO_EXTENT` when something
 * lies outside the image, `ROS_ISO_LOOP`, `ROS_ISO_NAME`, `ROS_ISO_LIMIT` when directories are larger than the image, and
 * `ROS_ISO_CONTENT` when the source cannot be read.
 */
export async function readIso(source: ByteSource, options: ReadIsoOptions = {}): Promise<IsoImage> {
  const problems: IsoError[] = []
  if (options.mode === 'strict') await refuseErrors(source)
  const image = new ImageBytes(source, options.mode === 'lenient' ? problems : undefined)
  const descriptors = await readDescriptors(image)
  const told = problems.length
  const roots = await findRoots(image, descriptors)
  // The tree tells of what was found in the roots once more.
  problems.length = told
  const hierarchies = roots.map(({ hierarchy }) => hierarchy)
  const chosen = roots.find(({ hierarchy }) => hierarchy === (options.hierarchy ?? hierarchies[0]))
  if (!chosen) {
    throw new IsoError('ROS_ISO_FORMAT', 'image has no such hierarchy', {
      subject: String(options.hierarchy),
      limit: `it has ${hierarchies.join(', ')}`,
    })
  }
  const { tree, paths } = await readTree(image, chosen.root, chosen.hierarchy)
  const { catalogLba, udf } = descriptors
  const bootEntries = catalogLba === undefined ? [] : await catalogEntries(image, catalogLba, paths)
  const path = catalogLba === undefined ? undefined : paths.get(catalogLba)
  return {
    volume: volumeOf(descriptors),
    hierarchies,
    tree,
    udf,
    problems,
    bootEntries,
    ...(catalogLba !== undefined && {
      bootCatalog: { lba: catalogLba, ...(path !== undefined && { path }) },
    }),
  }
}

async function refuseErrors(source: ByteSource): Promise<void> {
  for await (const { rule, severity, subject, message, section, offset } of lintIso(source)) {
    if (severity !== 'error') continue
    throw new IsoError('ROS_ISO_FORMAT', `${message} (${rule})`, {
      subject: `${subject}, byte ${offset}`,
      limit: section,
    })
  }
}

async function catalogEntries(
  image: ImageBytes,
  lba: number,
  paths: ReadonlyMap<number, string>,
): Promise<BootEntry[]> {
  try {
    return await readCatalog(image, lba, (place) => paths.get(place))
  } catch (error) {
    image.tolerate(error)
    return []
  }
}

async function findRoots(
  image: ImageBytes,
  { primary, joliet }: Descriptors,
): Promise<{ hierarchy: Hierarchy; root: Extent }[]> {
  const root = rootExtent(primary.rootDirectoryRecord)
  const rock = (await rockRidgeOf(image, root)) ? ([{ hierarchy: 'rock-ridge', root }] as const) : []
  const wide = joliet
    ? ([{ hierarchy: 'joliet', root: rootExtent(joliet.rootDirectoryRecord) }] as const)
    : []
  return [...rock, ...wide, { hierarchy: 'plain', root }]
}

async function rockRidgeOf(image: ImageBytes, root: Extent): Promise<boolean> {
  try {
    return await hasRockRidge(image, root)
  } catch (error) {
    image.tolerate(error)
    return false
  }
}

function rootExtent(record: Uint8Array): Extent {
  const { extentLba, dataLength } = directoryRecord.decode(record)
  return { lba: extentLba, size: dataLength }
}

function volumeOf({ primary, joliet }: Descriptors): IsoVolume {
  return {
    systemId: primary.systemIdentifier,
    volumeId: primary.volumeIdentifier,
    ...(joliet && { jolietVolumeId: joliet.volumeIdentifier }),
    volumeSetId: primary.volumeSetIdentifier,
    publisher: primary.publisherIdentifier,
    preparer: primary.dataPreparerIdentifier,
    application: primary.applicationIdentifier,
    created: primary.volumeCreation,
    modified: primary.volumeModification,
    sectorCount: primary.volumeSpaceSize,
  }
}
