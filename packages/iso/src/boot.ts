import { type ByteSource, fromBytes, zeros } from '@ros/bytes'
import { type FileNode, file, normalizePath, parentPath, Tree } from '@ros/tree'
import { encodeCatalog, withBootInfoTable } from './el-torito.ts'
import { IsoError } from './error.ts'
import { checkHybridImage } from './hybrid.ts'
import type { IsoBoot } from './options.ts'
import { SECTOR } from './sector.ts'
import { BOOT_SYSTEM, bootRecord, descriptorType } from './volume-descriptor.ts'

/** What booting adds to an image. */
export interface PlannedBoot {
  /** The tree with the boot catalogue in it. */
  readonly tree: Tree
  readonly image: FileNode
  readonly catalog: FileNode
}

/**
 * Finds the boot image and puts the catalogue beside it, in a copy of the tree. Throws `ROS_ISO_BOOT` when there is no
 * such image, or the catalogue's path is taken or has no directory.
 */
export function planBoot(tree: Tree, { bios }: IsoBoot, created: number): PlannedBoot {
  const image = tree.get(bios.image)
  if (image?.type !== 'file' || image.content.size === 0) {
    throw new IsoError('ROS_ISO_BOOT', 'boot image is not a file of the tree, or is empty', {
      subject: bios.image,
      got: image?.type ?? 'nothing',
      hint: 'put isolinux.bin into the tree at the path that boot.bios.image names',
    })
  }
  const path = normalizePath(bios.catalog)
  const parent = parentPath(path)
  const homeless = parent !== '' && tree.get(parent)?.type !== 'directory'
  if (path === '' || tree.has(path) || homeless) {
    throw new IsoError('ROS_ISO_BOOT', 'no place for the boot catalogue', {
      subject: bios.catalog,
      got: homeless ? 'no directory above it' : 'a path that is taken',
      limit: 'a free path in a directory of the tree: the writer makes the catalogue',
    })
  }
  // Its bytes are known once the image is placed; until then only the size counts.
  const catalog = file(zeros(SECTOR), { mode: 0o444, mtime: created })
  const withCatalog = new Tree()
  withCatalog.root = tree.root
  withCatalog.merge(tree).add(path, catalog)
  return { tree: withCatalog, image, catalog }
}

/** Content of a file as it is written: the catalogue encoded, the boot image patched, any other as it is. */
export function bootContent(
  { image, catalog }: PlannedBoot,
  boot: IsoBoot,
  node: FileNode,
  lbas: { readonly image: number; readonly esp: number },
): ByteSource | Promise<ByteSource> {
  const { bios } = boot
  if (node === catalog) return fromBytes(encodeCatalog(boot, lbas))
  if (node !== image || !(bios.bootInfoTable ?? true)) return node.content
  return withBootInfoTable(node.content, { path: bios.image, imageLba: lbas.image, descriptorLba: 16 })
}

/** Throws `ROS_ISO_BOOT` when the boot image cannot do what the options ask of it. */
export async function checkBootImage({ image }: PlannedBoot, { bios, hybrid }: IsoBoot): Promise<void> {
  if (hybrid) await checkHybridImage(image.content, bios.image)
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
