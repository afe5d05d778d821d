import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { collect, fromBytes } from '@ros/bytes'
import { readFat } from '@ros/disk'
import { openStore } from '@ros/store'
import { afterAll, expect, test } from 'vitest'
import { assetText } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { readRecipe } from '../recipe.ts'
import { bootVolume } from './boot-volume.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-volume-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = await assetText('recipes/debian.yml')
const store = await openStore(join(folder, 'store'))

async function context(arch: string, inputs: Partial<BuildContext['inputs']>): Promise<BuildContext> {
  const recipe = readRecipe(text, 'r.yml', { KIT_VERSION: 'v1' }, arch)
  const none = { kind: 'packages', packages: [] } as const
  return {
    recipe,
    store,
    inputs: { engine: none, ros: none, services: new Map(), ...inputs },
    time: 1_700_000_000,
    compression: recipe.initrd,
    report: () => undefined,
    signal: undefined,
  }
}

test.each([
  ['amd64', 'x64', 'x86_64'],
  ['arm64', 'aa64', 'arm64'],
])('%s: UEFI alone is enough, and no boot code is written then', async (arch, ending, grub) => {
  const path = join(folder, arch)
  for (const name of [
    `usr/lib/shim/shim${ending}.efi.signed`,
    `usr/lib/grub/${grub}-efi-signed/gcd${ending}.efi.signed`,
  ]) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), name)
  }
  const uefi = { kind: 'directory', path, digest: 'sha256:' } as const
  const { layout, bootCode } = await bootVolume(await context(arch, { uefi }), {
    size: 40 * 1_048_576,
    serialNumber: 7,
  })
  expect(bootCode).toBeUndefined()
  const { tree } = await readFat(fromBytes(await collect(layout.content.open(), 2 ** 26)))
  const program = `EFI/BOOT/BOOT${ending.toUpperCase()}.EFI`
  expect([program, 'boot/grub/grub.cfg', 'syslinux'].map((name) => tree.has(name))).toEqual([
    true,
    true,
    false,
  ])
})

test.each(['amd64', 'arm64'])('%s without any loader is refused', async (arch) => {
  await expect(
    bootVolume(await context(arch, {}), { size: 40 * 1_048_576, serialNumber: 7 }),
  ).rejects.toThrow(expect.objectContaining({ code: 'ROS_DISTRO_INPUT' }))
})
