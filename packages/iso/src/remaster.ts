import { type ByteSource, slice } from '@ros/bytes'
import { parentPath, type Tree } from '@ros/tree'
import type { IsoOptions } from './options.ts'
import { type IsoImage, readIso } from './read.ts'
import { keptBoot } from './remaster-boot.ts'

/** An image taken apart so that `layoutIso(tree, options)` makes it again. */
export interface RemasteredIso {
  /** All files but the boot catalogue, which is made anew. A tree of the caller's own, to be changed. */
  readonly tree: Tree
  readonly options: IsoOptions
  /** What the new image will not have, in words. */
  readonly notKept: readonly string[]
}

/**
 * What an image is, as tree and options: change the tree and lay it out again, and it boots as before: BIOS and UEFI entries, boot info tables,
 * the code and number of a hybrid MBR, EFI system partition and what else is appended, the descriptors of partition 1, a GPT. An EFI
 * system partition inside the file system, which no partition checker likes, becomes one behind it. Contents are slices of the source.
 *
 * Throws as `readIso`, and `ROS_ISO_BOOT` for an image that starts in a way that would be lost.
 */
export async function remasterIso(source: ByteSource): Promise<RemasteredIso> {
  const image = await readIso(source)
  const { tree, volume, hierarchies } = image
  const catalog = image.bootCatalog?.path
  const kept = tree.filter(({ path }) => path !== catalog)
  const { boot, notKept } = await keptBoot(source, image, catalog ?? freeCatalog(image))
  const created = volume.created ?? volume.modified ?? 0
  const joliet = hierarchies.includes('joliet')
  const options: IsoOptions = {
    volumeId: volume.volumeId,
    systemId: volume.systemId,
    volumeSetId: volume.volumeSetId,
    publisher: volume.publisher,
    preparer: volume.preparer,
    application: volume.application,
    created,
    modified: volume.modified ?? created,
    rockRidge: hierarchies.includes('rock-ridge'),
    joliet,
    ...(joliet && { jolietVolumeId: volume.jolietVolumeId || volume.volumeId.slice(0, 16) }),
    ...(boot && { boot }),
  }
  return { tree: kept, options, notKept: [...notKept, ...(await otherKinds(source))] }
}

/** A catalogue that no file shows gets a name beside the boot image. */
function freeCatalog({ tree, bootEntries }: IsoImage): string {
  const folder = parentPath(bootEntries.find(({ path }) => path !== undefined)?.path ?? '')
  for (let count = 0; ; count++) {
    const name = `boot${count === 0 ? '' : count}.cat`
    const path = folder === '' ? name : `${folder}/${name}`
    if (!tree.has(path)) return path
  }
}

const KINDS = [
  ['Apple partition map', 512, 'PM'],
  ['HFS+ file system', 1024, 'H+'],
  ['HFS file system', 1024, 'BD'],
  ['UDF file system', 19 * 2048 + 1, 'BEA01'],
] as const

/** Other ways into the same files. */
async function otherKinds(source: ByteSource): Promise<string[]> {
  const found: string[] = []
  for (const [name, offset, magic] of KINDS) {
    if (source.size < offset + magic.length) continue
    let text = ''
    for await (const chunk of slice(source, offset, magic.length).open())
      text += String.fromCharCode(...chunk)
    if (text === magic) found.push(name)
  }
  return found
}
