import { fromText } from '@ros/bytes'
import { type FatLayout, layoutFat } from '@ros/disk'
import { directory, type FileNode, file, Tree } from '@ros/tree'
import { grubSearchConfig } from '../boot-menu.ts'
import { DistroError } from '../error.ts'

/** How the files of an architecture end, and where Debian keeps GRUB for it (UEFI 2.10, §3.5.1.1, in lower case). */
const NAMES: Readonly<Record<string, { ending: string; grub: string }>> = {
  amd64: { ending: 'x64', grub: 'x86_64-efi-signed' },
  arm64: { ending: 'aa64', grub: 'arm64-efi-signed' },
}

export interface EspOptions {
  /** Debian's name of it. */
  readonly arch: string
  /** A file of the image by which GRUB finds it, from the image's root. */
  readonly idFile: string
  readonly serialNumber: number
  /** Seconds. */
  readonly time: number
}

/**
 * EFI system partition with Debian's signed shim and GRUB, from a tree of their packages: firmware loads
 * EFI/BOOT/BOOTX64.EFI (BOOTAA64.EFI), which proves and loads grubx64.efi (grubaa64.efi) beside it. Throws `ROS_DISTRO_INPUT` when one is missing.
 */
export function espLayout(loaders: Tree, { arch, idFile, serialNumber, time }: EspOptions): FatLayout {
  const tree = new Tree()
  tree.root = directory({ mtime: time })
  const add = (path: string, content: FileNode['content']) => tree.add(path, file(content, { mtime: time }))
  addUefiLoaders(tree, loaders, arch, time)
  tree.addDirectories('boot/grub', { mtime: time })
  // GRUB looks in its prefix first; were that missing, it would take any disk that has a /.disk/info.
  const search = fromText(grubSearchConfig(idFile))
  add('boot/grub/grub.cfg', search)
  add('EFI/BOOT/grub.cfg', search)
  return layoutFat(tree, { serialNumber, label: 'ROS-ESP', created: time })
}

/** Shim, GRUB and, where it is there, the key manager, in the places where firmware and shim look for them. */
export function addUefiLoaders(tree: Tree, loaders: Tree, arch: string, mtime: number): void {
  const names = NAMES[arch]
  if (!names) {
    throw new DistroError('ROS_DISTRO_ARCH', 'there are no UEFI boot loaders for the architecture', {
      subject: arch,
      limit: Object.keys(NAMES).join(', '),
    })
  }
  const { ending, grub } = names
  const manager = `usr/lib/shim/mm${ending}.efi.signed`
  const add = (path: string, content: FileNode['content']) => tree.add(path, file(content, { mtime }))
  tree.addDirectories('EFI/BOOT', { mtime })
  add(`EFI/BOOT/BOOT${ending.toUpperCase()}.EFI`, contentOf(loaders, `usr/lib/shim/shim${ending}.efi.signed`))
  // GRUB made for CDs: its prefix is /boot/grub of the device that it came from.
  add(`EFI/BOOT/grub${ending}.efi`, contentOf(loaders, `usr/lib/grub/${grub}/gcd${ending}.efi.signed`))
  if (loaders.has(manager)) add(`EFI/BOOT/mm${ending}.efi`, contentOf(loaders, manager))
}

/** The content of a file that a boot loader's package must have. */
export function contentOf(loaders: Tree, path: string): FileNode['content'] {
  const node = loaders.get(path)
  if (node?.type === 'file') return node.content
  throw new DistroError('ROS_DISTRO_INPUT', 'the boot loader packages lack a file', { subject: path })
}
