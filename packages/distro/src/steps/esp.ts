import { fromText } from '@ros/bytes'
import { type FatLayout, layoutFat } from '@ros/disk'
import { directory, type FileNode, file, Tree } from '@ros/tree'
import { grubSearchConfig } from '../boot-menu.ts'
import { DistroError } from '../error.ts'

const SHIM = 'usr/lib/shim/shimx64.efi.signed'
/** GRUB made for CDs: its prefix is /boot/grub of the device that it came from. */
const GRUB = 'usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed'
const MOK_MANAGER = 'usr/lib/shim/mmx64.efi.signed'

export interface EspOptions {
  /** A file of the image by which GRUB finds it, from the image's root. */
  readonly idFile: string
  readonly serialNumber: number
  /** Seconds. */
  readonly time: number
}

/**
 * EFI system partition with Debian's signed shim and GRUB, from a tree of their packages: firmware loads
 * EFI/BOOT/BOOTX64.EFI, which proves and loads grubx64.efi beside it. Throws `ROS_DISTRO_INPUT` when one is missing.
 */
export function espLayout(loaders: Tree, { idFile, serialNumber, time }: EspOptions): FatLayout {
  const tree = new Tree()
  tree.root = directory({ mtime: time })
  const add = (path: string, content: FileNode['content']) => tree.add(path, file(content, { mtime: time }))
  addUefiLoaders(tree, loaders, time)
  tree.addDirectories('boot/grub', { mtime: time })
  // GRUB looks in its prefix first; were that missing, it would take any disk that has a /.disk/info.
  const search = fromText(grubSearchConfig(idFile))
  add('boot/grub/grub.cfg', search)
  add('EFI/BOOT/grub.cfg', search)
  return layoutFat(tree, { serialNumber, label: 'ROS-ESP', created: time })
}

/** Shim, GRUB and, where it is there, the key manager, in the places where firmware and shim look for them. */
export function addUefiLoaders(tree: Tree, loaders: Tree, mtime: number): void {
  const add = (path: string, content: FileNode['content']) => tree.add(path, file(content, { mtime }))
  tree.addDirectories('EFI/BOOT', { mtime })
  add('EFI/BOOT/BOOTX64.EFI', contentOf(loaders, SHIM))
  add('EFI/BOOT/grubx64.efi', contentOf(loaders, GRUB))
  if (loaders.has(MOK_MANAGER)) add('EFI/BOOT/mmx64.efi', contentOf(loaders, MOK_MANAGER))
}

/** The content of a file that a boot loader's package must have. */
export function contentOf(loaders: Tree, path: string): FileNode['content'] {
  const node = loaders.get(path)
  if (node?.type === 'file') return node.content
  throw new DistroError('ROS_DISTRO_INPUT', 'the boot loader packages lack a file', { subject: path })
}
