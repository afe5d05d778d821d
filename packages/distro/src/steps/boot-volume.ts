import { type ByteSource, fromText, readAll } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import {
  type FatLayout,
  findSyslinux,
  installSyslinux,
  layoutFat,
  ldlinuxPlaceholder,
  type SyslinuxBlobs,
} from '@ros/disk'
import { directory, file, Tree } from '@ros/tree'
import type { BuildContext } from '../build.ts'
import {
  bootSelection,
  DISK_GRUB_CONFIG,
  EMPTY_GRUB_ENVIRONMENT,
  GRUB_ENVIRONMENT,
  SYSLINUX_CONFIG,
  type SystemEntries,
  systemMenus,
} from '../disk-menu.ts'
import { DistroError } from '../error.ts'
import { inputTree } from '../input.ts'
import { addUefiLoaders, contentOf } from './esp.ts'

const SYSLINUX = 'usr/bin/syslinux'
const LDLINUX = 'usr/lib/syslinux/modules/bios/ldlinux.c32'
const GPT_MBR = 'usr/lib/syslinux/mbr/gptmbr.bin'
const LDLINUX_SYS = '/syslinux/ldlinux.sys'
const MIB = 1_048_576
/** The volume begins at the first MiB of the disk. */
export const BOOT_SECTOR = 2048
/** FAT has no larger label, and upstream's RANCHER_BOOT is one letter longer. */
const LABEL = 'ROS_BOOT'

/** A system that is put on a disk. */
export interface SystemFiles {
  readonly vmlinuz: ByteSource
  readonly initrd: ByteSource
}

/** What starts an installed system: a FAT32 volume for firmware of both kinds, and code for the MBR in front of it. */
export interface BootVolume {
  readonly layout: FatLayout
  /** Absent without a loader for machines with a BIOS. */
  readonly bootCode?: Uint8Array
}

/** Three systems have room, one beside the current and the previous one, and at least 512 MiB are there. */
export function bootVolumeSize({ vmlinuz, initrd }: SystemFiles): number {
  const needed = Math.ceil((3.25 * (vmlinuz.size + initrd.size)) / (64 * MIB)) * 64 * MIB
  return Math.max(needed, 512 * MIB)
}

/**
 * The boot volume with its loaders, and with a system where one is given: `ros install` puts systems on it itself. Throws `ROS_DISTRO_INPUT` for
 * inputs without a loader.
 */
export async function bootVolume(
  { recipe, store, inputs, time }: BuildContext,
  { size, serialNumber, system }: { size: number; serialNumber: number; system?: SystemFiles },
): Promise<BootVolume> {
  const { uefi } = inputs
  if (!inputs.loader && !uefi) {
    throw new DistroError('ROS_DISTRO_INPUT', 'no boot loader for disks', {
      subject: recipe.name,
      hint: `give the recipe \`uefi\`${recipe.arch === 'amd64' ? ', `loader` or both' : ''}`,
    })
  }
  // Absent for machines without a BIOS.
  const loader = inputs.loader && (await inputTree(store, inputs.loader))
  const blobs = loader && findSyslinux(await readAll(contentOf(loader, SYSLINUX), 16 * MIB))
  const tree = grubTree(time)
  if (loader && blobs) addSyslinux(tree, loader, blobs, time)
  if (uefi) addUefiLoaders(tree, await inputTree(store, uefi), recipe.arch, time)
  if (system) await addSystem(tree, system, recipe, time)
  const options = { serialNumber, label: LABEL, created: time, hiddenSectors: BOOT_SECTOR }
  const layout = layoutFat(tree, { ...options, type: 'fat32', size })
  if (!loader || !blobs) return { layout }
  return {
    layout: await installSyslinux(layout, blobs, { path: LDLINUX_SYS, directory: '/syslinux' }),
    bootCode: await readAll(contentOf(loader, GPT_MBR), 440),
  }
}

function grubTree(mtime: number): Tree {
  const tree = new Tree()
  tree.root = directory({ mtime })
  for (const path of ['boot/grub', 'ros']) tree.addDirectories(path, { mtime })
  const add = (path: string, content: ByteSource) => tree.add(path.slice(1), file(content, { mtime }))
  add('/boot/grub/grub.cfg', fromText(DISK_GRUB_CONFIG))
  add(GRUB_ENVIRONMENT, fromText(EMPTY_GRUB_ENVIRONMENT))
  return tree
}

function addSyslinux(tree: Tree, loader: Tree, blobs: SyslinuxBlobs, mtime: number): void {
  tree.addDirectories('syslinux', { mtime })
  const add = (path: string, content: ByteSource, mode = 0o644) =>
    tree.add(path.slice(1), file(content, { mtime, mode }))
  // Its sectors are known to the boot sector: it must not be moved.
  add(LDLINUX_SYS, ldlinuxPlaceholder(blobs), 0o444)
  add('/syslinux/ldlinux.c32', contentOf(loader, LDLINUX))
  add('/syslinux/syslinux.cfg', fromText(SYSLINUX_CONFIG))
}

async function addSystem(
  tree: Tree,
  { vmlinuz, initrd }: SystemFiles,
  { version, arch, disk }: BuildContext['recipe'],
  mtime: number,
): Promise<void> {
  const add = (path: string, content: ByteSource) => tree.add(`ros/${path}`, file(content, { mtime }))
  const folder = version
  const append = disk.append.split(/\s+/).filter(Boolean)
  tree.add(`ros/${folder}`, directory({ mtime }))
  add(`${folder}/vmlinuz`, vmlinuz)
  add(`${folder}/initrd`, initrd)
  add(`${folder}/system.json`, fromText(await systemDescription({ vmlinuz, initrd }, version, arch)))
  for (const [name, text] of systemMenus({ ...entriesOf(version), folder, ...appends(append) }))
    add(`${folder}/${name}`, fromText(text))
  add('append', fromText(`${append.join(' ')}\n`))
  add('boot.cfg', fromText(bootSelection(folder)))
}

const entriesOf = (version: string): Pick<SystemEntries, 'title'> => ({ title: `RancherOS ${version}` })

function appends(words: readonly string[]): Pick<SystemEntries, 'append' | 'grubAppend'> {
  return { append: words.join(' '), grubAppend: words.map((word) => `'${word}'`).join(' ') }
}

/** Entries with marks that `ros` fills in when it installs: it knows the folder and the disk's kernel arguments. */
export function menuTemplates(version: string): Map<string, string> {
  const marks = { folder: '@FOLDER@', append: '@APPEND@', grubAppend: '@GRUB_APPEND@' }
  return systemMenus({ ...entriesOf(version), ...marks })
}

/** system.json: version, architecture, and by which digests kernel and initrd are known. */
export async function systemDescription(
  { vmlinuz, initrd }: SystemFiles,
  version: string,
  arch: string,
): Promise<string> {
  const part = async (source: ByteSource) => ({ size: source.size, sha256: (await sha256(source)).slice(7) })
  const system = { version, arch, vmlinuz: await part(vmlinuz), initrd: await part(initrd) }
  return `${JSON.stringify(system, undefined, 2)}\n`
}
