import { type ByteSource, fromText, readAll } from '@ros/bytes'
import { type Digest, sha256Text } from '@ros/bytes/node'
import { type IsoBoot, layoutIso, type UefiBoot, writeIso } from '@ros/iso'
import { file, Tree } from '@ros/tree'
import { bootMenu, grubConfig, isolinuxConfig, v04IsolinuxConfig } from '../boot-menu.ts'
import type { BuildContext } from '../build.ts'
import { inputTree } from '../input.ts'
import { systemDescription } from './boot-volume.ts'
import { contentOf, espLayout } from './esp.ts'

const ISOLINUX = 'usr/lib/ISOLINUX/isolinux.bin'
const MBR = 'usr/lib/ISOLINUX/isohdpfx.bin'
const LDLINUX = 'usr/lib/syslinux/modules/bios/ldlinux.c32'

export interface IsoStep {
  readonly size: number
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface IsoInputs {
  readonly vmlinuz: ByteSource
  readonly initrd: ByteSource
  /** Stands for kernel and initrd. */
  readonly buildId: Digest
  /** Installer image without both, so that installing needs no network. */
  readonly installer?: ByteSource
}

/**
 * `rancheros.iso`: kernel and initrd behind isolinux (amd64) and, where the recipe names its packages, signed GRUB, with one menu;
 * bootable as CD, disk and USB stick, by BIOS and by UEFI with or without secure boot.
 */
export async function buildIso(
  context: BuildContext,
  { vmlinuz, initrd, buildId, installer }: IsoInputs,
): Promise<IsoStep> {
  const { recipe, store, inputs, time } = context
  const menu = bootMenu(recipe.version, recipe.iso.append)
  const tree = new Tree().addDirectories('boot', { mtime: time })
  const add = (path: string, content: ByteSource) => tree.add(path, file(content, { mtime: time }))
  add('boot/vmlinuz', vmlinuz)
  add('boot/initrd', initrd)
  if (installer) {
    tree.addDirectories('rancheros', { mtime: time })
    add('rancheros/installer.tar.gz', installer)
    const { version, arch } = recipe
    add('rancheros/system.json', fromText(await systemDescription({ vmlinuz, initrd }, version, arch)))
  }
  // The disk's signature tells disks of one machine apart; the build's time is as good as any and repeatable.
  const diskId = time % 0x1_0000_0000
  let boot: IsoBoot = { hybrid: { mbr: new Uint8Array(440), loader: 'none', diskId } }
  if (inputs.loader) {
    const loader = await inputTree(store, inputs.loader)
    tree.addDirectories('boot/isolinux', { mtime: time })
    add('boot/isolinux/isolinux.bin', contentOf(loader, ISOLINUX))
    add('boot/isolinux/ldlinux.c32', contentOf(loader, LDLINUX))
    const config = recipe.layout === 'v0.4' ? v04IsolinuxConfig(menu) : isolinuxConfig(menu)
    add('boot/isolinux/isolinux.cfg', fromText(config))
    boot = {
      bios: {
        image: 'boot/isolinux/isolinux.bin',
        catalog: 'boot/isolinux/boot.cat',
        loadSectors: 4,
        bootInfoTable: true,
      },
      hybrid: { mbr: await readAll(contentOf(loader, MBR), 432), diskId },
    }
  }
  let uefi: UefiBoot | undefined
  if (inputs.uefi) {
    const id = sha256Text(JSON.stringify([buildId, recipe.initrd, menu]))
    const [, digits = ''] = id.split(':')
    const idFile = `boot/ros-${digits.slice(0, 16)}.id`
    tree.addDirectories('boot/grub', { mtime: time })
    add('boot/grub/grub.cfg', fromText(grubConfig(menu)))
    add(idFile, fromText(`${id}\n`))
    const loaders = await inputTree(store, inputs.uefi)
    const serialNumber = Number.parseInt(digits.slice(0, 8), 16)
    const { arch } = recipe
    const { content: esp } = espLayout(loaders, { arch, idFile: `/${idFile}`, serialNumber, time })
    uefi = { esp, ...(!boot.bios && { catalog: 'boot/boot.cat' }) }
  }
  const layout = layoutIso(tree, {
    volumeId: recipe.iso.volumeId,
    publisher: recipe.iso.publisher,
    created: time,
    boot: { ...boot, ...(uefi && { uefi }) },
  })
  return { size: layout.size, chunks: writeIso(layout) }
}
