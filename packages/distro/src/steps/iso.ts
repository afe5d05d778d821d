import { type ByteSource, fromText, readAll } from '@ros/bytes'
import { layoutIso, writeIso } from '@ros/iso'
import { type FileNode, file, Tree } from '@ros/tree'
import type { BuildContext } from '../build.ts'
import { mergedTree } from '../debs.ts'
import { DistroError } from '../error.ts'

const ISOLINUX = 'usr/lib/ISOLINUX/isolinux.bin'
const MBR = 'usr/lib/ISOLINUX/isohdpfx.bin'
const LDLINUX = 'usr/lib/syslinux/modules/bios/ldlinux.c32'

export interface IsoStep {
  readonly size: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** `rancheros.iso`: kernel and initrd behind isolinux, bootable as CD and as disk (BIOS). */
export async function buildIso(
  context: BuildContext,
  vmlinuz: ByteSource,
  initrd: ByteSource,
): Promise<IsoStep> {
  const { recipe, time } = context
  const loader = await mergedTree(context.store, context.sets.loader)
  const take = (path: string): FileNode['content'] => {
    const node = loader.get(path)
    if (node?.type === 'file') return node.content
    throw new DistroError('ROS_DISTRO_INPUT', 'the boot loader packages lack a file', { subject: path })
  }
  const tree = new Tree().addDirectories('boot/isolinux', { mtime: time })
  const add = (path: string, content: ByteSource) => tree.add(path, file(content, { mtime: time }))
  add('boot/vmlinuz', vmlinuz)
  add('boot/initrd', initrd)
  add('boot/isolinux/isolinux.bin', take(ISOLINUX))
  add('boot/isolinux/ldlinux.c32', take(LDLINUX))
  add('boot/isolinux/isolinux.cfg', fromText(isolinuxConfig(recipe.iso.append)))
  const layout = layoutIso(tree, {
    volumeId: recipe.iso.volumeId,
    publisher: recipe.iso.publisher,
    created: time,
    boot: {
      bios: {
        image: 'boot/isolinux/isolinux.bin',
        catalog: 'boot/isolinux/boot.cat',
        loadSectors: 4,
        bootInfoTable: true,
      },
      // The disk's signature tells disks of one machine apart; the build's time is as good as any and repeatable.
      hybrid: { mbr: await readAll(take(MBR), 432), diskId: time % 0x1_0000_0000 },
    },
  })
  return { size: layout.size, chunks: writeIso(layout) }
}

/** `serial` has to be the first line: isolinux then speaks on the serial line as well. */
function isolinuxConfig(append: string): string {
  return `serial 0 115200
default rancheros
label rancheros
  kernel /boot/vmlinuz
  initrd /boot/initrd
  append ${append}
`
}
