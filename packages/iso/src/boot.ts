import { type ByteSource, fromBytes, zeros } from '@ros/bytes'
import { type FileNode, file, normalizePath, parentPath, Tree } from '@ros/tree'
import { encodeCatalog, withBootInfoTable, withGrubBootInfo } from './el-torito.ts'
import { IsoError } from './error.ts'
import { checkHybridImage } from './hybrid.ts'
import { catalogPath, type IsoBoot } from './options.ts'
import { SECTOR } from './sector.ts'
import { BOOT_SYSTEM, bootRecord, descriptorType } from './volume-descriptor.ts'

/** What booting adds to an image. */
export interface PlannedBoot {
  /** The tree with the boot catalogue in it. */
  readonly tree: Tree
  /** Boot image for the BIOS. */
  readonly image?: FileNode
  /** For UEFI, where it is a file. */
  readonly uefiImage?: FileNode
  readonly catalog: FileNode
}

/**
 * Finds the boot images and puts the catalogue beside them, in a copy of the tree. Throws `ROS_ISO_BOOT` when there is no
 * such image, or the catalogue's path is taken or has no directory.
 */
export function planBoot(tree: Tree, boot: IsoBoot, created: number): PlannedBoot {
  const { bios, uefi } = boot
  const image = bios && imageOf(tree, bios.image, 'isolinux.bin', 'boot.bios.image')
  const uefiImage =
    uefi?.image === undefined
      ? undefined
      : imageOf(tree, uefi.image, 'the EFI system partition', 'boot.uefi.image')
  const path = normalizePath(catalogPath(boot))
  const parent = parentPath(path)
  const homeless = parent !== '' && tree.get(parent)?.type !== 'directory'
  if (path === '' || tree.has(path) || homeless) {
    throw new IsoError('ROS_ISO_BOOT', 'no place for the boot catalogue', {
      subject: catalogPath(boot),
      got: homeless ? 'no directory above it' : 'a path that is taken',
      limit: 'a free path in a directory of the tree: the writer makes the catalogue',
    })
  }
  // Its bytes are known once the image is placed; until then only the size counts.
  const catalog = file(zeros(SECTOR), { mode: 0o444, mtime: Math.floor(created) })
  const withCatalog = new Tree()
  withCatalog.root = tree.root
  withCatalog.merge(tree).add(path, catalog)
  return { tree: withCatalog, catalog, ...(image && { image }), ...(uefiImage && { uefiImage }) }
}

function imageOf(tree: Tree, path: string, what: string, option: string): FileNode {
  const image = tree.get(path)
  if (image?.type === 'file' && image.content.size > 0) return image
  throw new IsoError('ROS_ISO_BOOT', 'boot image is not a file of the tree, or is empty', {
    subject: path,
    got: image?.type ?? 'nothing',
    hint: `put ${what} into the tree at the path that ${option} names`,
  })
}

/** Content of a file as it is written: the catalogue encoded, the boot image patched, any other as it is. */
export async function bootContent(
  { image, catalog }: PlannedBoot,
  boot: IsoBoot,
  node: FileNode,
  lbas: Parameters<typeof encodeCatalog>[1],
): Promise<ByteSource> {
  const { bios } = boot
  if (node === catalog) return fromBytes(encodeCatalog(boot, lbas))
  if (node !== image || !bios) return node.content
  const place = { path: bios.image, imageLba: lbas.image, descriptorLba: 16 }
  const given = bios.grubBootInfo ? withGrubBootInfo(node.content, bios.image) : node.content
  const patched = (bios.bootInfoTable ?? true) ? await withBootInfoTable(given, place) : given
  return bios.grubBootInfo ? withGrubBootInfo(patched, bios.image, lbas.image) : patched
}

/** Throws `ROS_ISO_BOOT` when the boot image cannot do what the options ask of it. */
export async function checkBootImage({ image }: PlannedBoot, { bios, hybrid }: IsoBoot): Promise<void> {
  if (image && bios && hybrid && (hybrid.loader ?? 'isolinux') === 'isolinux')
    await checkHybridImage(image.content, bios.image)
}

/** The boot record, which names the catalogue's sector. */
export function encodeBootRecord(catalogLba: number): Uint8Array {
  return bootRecord.encode({
    type: descriptorType.boot,
    standardIdentifier: 'CD001',
    version: 1,
    bootSystemIdentifier: BOOT_SYSTEM,
    bootIdentifier: '',
    catalogLba,
    unused: new Uint8Array(1973),
  })
}
