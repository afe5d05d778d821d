// The distribution's own ISO step, with Debian's kernel and signed boot loaders, around an initrd that only says hello.
import { open } from 'node:fs/promises'
import { type ByteSource, collect, fromBytes, fromText, slice } from '@ros/bytes'
import { fileSource, replaceFile, sha256Text } from '@ros/bytes/node'
import { writeInitrd, writeSegment } from '@ros/initrd'
import { layoutIso, readIso, writeIso } from '@ros/iso'
import { readKernel } from '@ros/kernel-fetch'
import { openStore } from '@ros/store'
import { device, type FileNode, file, Tree } from '@ros/tree'
import { cacheDirectory } from '../../packages/cli/src/project.ts'
import { assetText } from '../../packages/distro/src/assets.ts'
import type { BuildContext } from '../../packages/distro/src/build.ts'
import { inputTree } from '../../packages/distro/src/input.ts'
import { fetchInputs, present } from '../../packages/distro/src/inputs.ts'
import { openNetwork } from '../../packages/distro/src/network.ts'
import { readRecipe } from '../../packages/distro/src/recipe.ts'
import { resolveRecipe } from '../../packages/distro/src/resolve.ts'
import { debianAccess } from '../../packages/distro/src/sources/debian-access.ts'
import { buildIso } from '../../packages/distro/src/steps/iso.ts'

const CATALOG = 'boot/isolinux/boot.cat'
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "CMDLINE $(/bin/busybox cat /proc/cmdline)"
for file in /added /var/lib/rancher/conf/cloud-config.d/*; do
  [ -f $file ] && echo "FILE $file $(/bin/busybox stat -c %a $file) $(/bin/busybox cat $file)"
done
/bin/busybox dmesg | /bin/busybox grep -i -E 'secure boot|locked down'
echo HELLO-FROM-INIT
/bin/busybox poweroff -f
`

export interface SmallIso {
  readonly vmlinuz: ByteSource
  /** The archive whose init says hello, not compressed. */
  readonly archive: ByteSource
  /** The kernel's packages, and busybox. */
  readonly kernel: Tree
  readonly busybox: FileNode
  /** Writes the ISO, with this kernel in place of Debian's where one is given. */
  write(path: string, vmlinuz?: ByteSource): Promise<void>
}

/** Fetches what is missing in the kit's own cache: the packages of kernel and boot loaders, and busybox-static. */
export async function smallIso(): Promise<SmallIso> {
  const text = await assetText('recipes/debian.yml')
  const recipe = readRecipe(text, 'debian.yml', { KIT_VERSION: 'v0.0.0' })
  const busybox = { debian: ['busybox-static'], without: [] }
  const small = {
    ...recipe,
    engine: { ...busybox, programs: ['busybox'], exclude: [] },
    images: { base: busybox, services: {} },
    iso: { ...recipe.iso, append: 'console=ttyS0 panic=-1' },
  }
  const store = await openStore(cacheDirectory(process.env))
  const surroundings = { report: () => undefined, signal: undefined }
  const network = openNetwork({ offline: false, rewrites: [], ...surroundings })
  const base = { folder: '.', store, network, now: new Date(), ...surroundings }
  const debian = debianAccess({ ...base, recipe: small, mirror: undefined, keyring: undefined })
  const sources = { ...base, arch: small.arch, debian, pinNew: false }
  const inputs = await fetchInputs(small, await resolveRecipe(small, sources), sources)
  const kernelPackages = await inputTree(store, present(inputs.kernel, 'kernel'))
  let time = 0
  for (const { node } of kernelPackages) time = Math.max(time, node.mtime)
  const { vmlinuz } = readKernel(kernelPackages)
  const program = (await inputTree(store, inputs.engine)).get('usr/bin/busybox')
  if (program?.type !== 'file') throw new Error('busybox-static has no busybox')
  const tree = new Tree()
    .addDirectories('bin')
    .addDirectories('dev')
    .addDirectories('proc')
    .add('bin/busybox', program)
    .add('dev/console', device('character', 5, 1))
    .add('init', file(fromText(INIT), { mode: 0o755 }))
  const compressed = writeSegment({ name: 'hello', tree, compression: 'gzip', level: 6 })
  const initrd = fromBytes(await collect(compressed, 1 << 26))
  const context: BuildContext = {
    recipe: small,
    store,
    inputs,
    time,
    compression: small.initrd,
    report: () => undefined,
    signal: undefined,
  }
  return {
    vmlinuz,
    kernel: kernelPackages,
    busybox: program,
    archive: fromBytes(await collect(writeInitrd(tree), 1 << 26)),
    async write(path, given = vmlinuz) {
      const parts = { vmlinuz: given, initrd, buildId: sha256Text('boot matrix') }
      await replaceFile(path, (await buildIso(context, parts)).chunks)
    },
  }
}

/** Firmware looks for El Torito on any disk, before it looks at a partition table: this takes the name away. */
export async function blankElTorito(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    const name = Buffer.alloc(64)
    const position = 17 * 2048 + 7
    await handle.read(name, 0, name.length, position)
    if (!name.toString('latin1').startsWith('EL TORITO SPECIFICATION'))
      throw new Error(`${path}: no El Torito`)
    await handle.write(Buffer.alloc(64), 0, 64, position)
  } finally {
    await handle.close()
  }
}

/** The same image made again with a GUID partition table: its tree and its EFI system partition are taken from it. */
export async function writeWithGpt(from: string, to: string): Promise<void> {
  const source = fileSource(from)
  const { tree, bootEntries, volume } = await readIso(source)
  const [bios, uefi] = bootEntries
  if (!bios?.path || !uefi) throw new Error(`${from}: no boot entries`)
  const kept = tree.filter(({ path }) => path !== CATALOG)
  const guid = (last: string) => `5d2b4f0e-9a37-4c1b-8e55-00000000000${last}`
  const layout = layoutIso(kept, {
    volumeId: volume.volumeId,
    created: volume.created ?? 0,
    boot: {
      bios: { image: bios.path, catalog: CATALOG },
      uefi: { esp: slice(source, uefi.lba * 2048, uefi.loadSectors * 512) },
      hybrid: {
        mbr: await collect(source.open(0, 432), 432),
        diskId: 1,
        gpt: { diskGuid: guid('0'), partitionGuids: [guid('1'), guid('2')] },
      },
    },
  })
  await replaceFile(to, writeIso(layout))
}
