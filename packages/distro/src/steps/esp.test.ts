import { collect, fromBytes, fromText } from '@ros/bytes'
import { readFat } from '@ros/disk'
import { file, Tree } from '@ros/tree'
import { expect, test } from 'vitest'
import { espLayout } from './esp.ts'

const options = { arch: 'amd64', idFile: '/boot/ros-0.id', serialNumber: 7, time: 1_700_000_000 }

function loaders(...names: string[]): Tree {
  const tree = new Tree().addDirectories('usr/lib/shim').addDirectories('usr/lib/grub/x86_64-efi-signed')
  for (const name of names) tree.add(name, file(fromText(name)))
  return tree
}

const shim = 'usr/lib/shim/shimx64.efi.signed'
const grub = 'usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed'
const manager = 'usr/lib/shim/mmx64.efi.signed'

test('firmware finds shim, shim finds GRUB, GRUB finds the image', async () => {
  const layout = espLayout(loaders(shim, grub, manager), options)
  const bytes = await collect(layout.content.open(), 1 << 24)
  const { tree, label, serialNumber } = await readFat(fromBytes(bytes))
  expect([label, serialNumber]).toEqual(['ROS-ESP', 7])
  const text = async (path: string) => {
    const node = tree.get(path)
    if (node?.type !== 'file') throw new Error(`no file ${path}`)
    return new TextDecoder().decode(await collect(node.content.open(), 1 << 20))
  }
  expect(await text('EFI/BOOT/BOOTX64.EFI')).toBe(shim)
  expect(await text('EFI/BOOT/grubx64.efi')).toBe(grub)
  expect(await text('EFI/BOOT/mmx64.efi')).toBe(manager)
  expect(await text('boot/grub/grub.cfg')).toContain('search --no-floppy --set=root --file /boot/ros-0.id\n')
  expect(await text('EFI/BOOT/grub.cfg')).toBe(await text('boot/grub/grub.cfg'))
})

test('the key manager may be missing, shim and GRUB may not', () => {
  expect(espLayout(loaders(shim, grub), options).size).toBeGreaterThan(0)
  for (const only of [shim, grub])
    expect(() => espLayout(loaders(only), options)).toThrow(
      expect.objectContaining({ code: 'ROS_DISTRO_INPUT' }),
    )
})

test('arm64 has names of its own, and no architecture without loaders passes', async () => {
  const tree = new Tree().addDirectories('usr/lib/shim').addDirectories('usr/lib/grub/arm64-efi-signed')
  for (const name of ['usr/lib/shim/shimaa64.efi.signed', 'usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed'])
    tree.add(name, file(fromText(name)))
  const layout = espLayout(tree, { ...options, arch: 'arm64' })
  const { tree: volume } = await readFat(fromBytes(await collect(layout.content.open(), 1 << 24)))
  expect([volume.has('EFI/BOOT/BOOTAA64.EFI'), volume.has('EFI/BOOT/grubaa64.efi')]).toEqual([true, true])
  expect(() => espLayout(tree, { ...options, arch: 'arm' })).toThrow(
    expect.objectContaining({ code: 'ROS_DISTRO_ARCH' }),
  )
})
