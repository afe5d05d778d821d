// Every type of `ros install` that makes or changes a disk, each started afterwards; the installer image of its own, without a medium.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { composeImage, treeLayer, writeDockerSave } from '@ros/images-tar'
import { layoutIso, writeIso } from '@ros/iso'
import { directory, file, Tree } from '@ros/tree'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { assetText } from '../../packages/distro/src/assets.ts'
import { keysOf, withGuest } from '../guest.ts'
import { runKit } from '../kit.ts'
import { ovmf } from '../matrix/firmware.ts'

const GIB = 1024 ** 3
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
let keys: string
let installer: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-types-'))
  keys = userData(undefined, (await keysOf(folder)).publicKey)
  await writeCloudConfigIso(at('config.iso'), keys)
  const out = ['--out', at('artifacts'), '--installer', '--disk', 'img']
  const built = await runKit(['build', '--json', ...out])
  expect(built.code, built.stderr).toBe(0)
  const { artifacts } = JSON.parse(built.stdout) as { artifacts: { path: string }[] }
  installer = artifacts.find(({ path }) => path.endsWith('.tar'))?.path ?? ''
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const qcow2 = (name: string) => ({ path: at(name), format: 'qcow2' }) as const
const fromDisk = (name: string) => ({ boot: { disk: at(name), format: 'qcow2' } }) as const

/** A CD with the installer image on it, as a file to be named, and one of another architecture. */
async function installerMedium(): Promise<string> {
  const layer = await treeLayer(new Tree().add('usr', directory({ mtime: 0 })))
  const foreign = composeImage({
    repoTags: ['rancher/os:foreign'],
    architecture: 'arm64',
    layers: [layer],
    created: 0,
    comment: 'of another architecture',
    config: { Entrypoint: ['/usr/bin/lay-down-os'] },
  })
  await replaceFile(at('foreign.tar'), writeDockerSave([foreign]))
  const tree = new Tree()
    .add('installer.tar', file(fileSource(installer), { mtime: 0 }))
    .add('foreign.tar', file(fileSource(at('foreign.tar')), { mtime: 0 }))
  await replaceFile(at('installer.iso'), writeIso(layoutIso(tree, { volumeId: 'IMAGES', created: 0 })))
  return at('installer.iso')
}

test.each([
  ['BIOS', undefined],
  ['UEFI', ovmf('plain')],
  ['UEFI with secure boot', ovmf('secure boot')],
] as const)('the disk image that the build writes starts under %s', async (_, firmware) => {
  const disk = at('artifacts/rancheros.img')
  const boot = { disk, snapshot: true }
  const options = { boot, cdroms: [at('config.iso')], ...(firmware && { firmware }) }
  await withGuest(folder, options, async ({ sh }) => {
    expect(await sh('test -d /sys/firmware/efi && echo UEFI || echo BIOS')).toBe(
      firmware ? 'UEFI\n' : 'BIOS\n',
    )
    expect(await sh('sudo ros dev LABEL=RANCHER_STATE')).toMatch(/vda2/)
  })
})

test('types that take a whole disk; one from the installer image alone', async () => {
  const types = ['googlecompute', 'amazon-ebs-hvm', 'gptsyslinux'] as const
  for (const type of types) await replaceFile(at(`${type}.qcow2`), writeEmptyQcow2({ size: 4 * GIB }))
  const cdroms = [at('config.iso'), await installerMedium()]
  const disks = types.map((type) => qcow2(`${type}.qcow2`))
  await withGuest(folder, { boot: { cdrom: iso }, disks, cdroms }, async ({ sh, attempt }) => {
    await sh(
      `echo '${keys}' > user_config.yml; sudo mkdir /mnt/images && sudo mount /host/dev/sr2 /mnt/images`,
    )
    for (const [index, type] of types.entries()) {
      const device = `/dev/vd${'abc'[index]}`
      const image = type === 'gptsyslinux' ? '-i /mnt/images/installer.tar -a from=tar' : ''
      await sh(`sudo ros install -t ${type} -d ${device} -c user_config.yml ${image} -f --no-reboot`)
    }
    const refused = await attempt('sudo ros install -t amazon-ebs-pv -d /dev/vda -f --no-reboot')
    expect([refused.code, refused.text]).toEqual([1, expect.stringContaining('use amazon-ebs-hvm')])
    const foreign = await attempt('sudo ros install -d /dev/vda -i /mnt/images/foreign.tar -f --no-reboot')
    expect(foreign.code).toBe(1)
    expect(foreign.text).toMatch(/installer \S*foreign is for arm64, and this machine is amd64/)
  })
  for (const type of types) {
    await withGuest(
      folder,
      { ...fromDisk(`${type}.qcow2`), cdroms: [at('installer.iso')] },
      async ({ sh, attempt }) => {
        await sh('sudo mkdir -p /mnt/images && sudo mount /host/dev/sr0 /mnt/images')
        const words = (await sh('cat /proc/cmdline')).trim().split(' ')
        expect(words, type).toContain(type === 'gptsyslinux' ? 'from=tar' : 'console=ttyS0')
        expect(
          words.filter((word) => word === 'console=ttyS0'),
          type,
        ).toHaveLength(type === 'gptsyslinux' ? 1 : 2)
        await sh('echo remembered > note && sync')
        const same = await attempt('echo yes | sudo ros os upgrade -i /mnt/images/installer.tar --no-reboot')
        expect([same.code, same.text]).toEqual([1, expect.stringMatching(/is not newer than/)])
      },
    )
  }
})

test('types that put a system beside an installed one, and leave its state alone', async () => {
  const disks = [qcow2('googlecompute.qcow2'), qcow2('amazon-ebs-hvm.qcow2')]
  await withGuest(
    folder,
    { boot: { cdrom: iso }, disks, cdroms: [at('config.iso')] },
    async ({ sh, attempt }) => {
      await sh(`echo '${keys}hostname: put-beside' > user_config.yml`)
      const noformat = '-t noformat -d /dev/vda -c user_config.yml -a beside=yes'
      expect(await sh(`sudo ros install ${noformat} -f --no-reboot`)).toMatch(/is put beside it/)
      expect(await sh('sudo ros install -t bootstrap -d /dev/vdb -f --no-reboot')).toMatch(/is put beside it/)
      const none = await attempt('sudo ros install -t noformat -d /dev/sr0 -f --no-reboot')
      expect([none.code, none.text]).toEqual([1, expect.stringContaining('has no installed system')])
    },
  )
  await withGuest(folder, fromDisk('googlecompute.qcow2'), async ({ sh, machine }) => {
    expect(await sh('cat note; hostname; cat /proc/cmdline')).toMatch(/^remembered\nput-beside\n.*beside=yes/)
    await machine.waitForLine(/has come up and is the current system now/, 300_000)
  })
  await withGuest(folder, fromDisk('amazon-ebs-hvm.qcow2'), async ({ sh, machine }) => {
    expect(await sh('cat note; cat /proc/cmdline')).toMatch(/^remembered\n.*datasources=\[ec2,gce\]/)
    await machine.waitForLine(/has come up and is the current system now/, 300_000)
  })
})

test('a recipe without loaders for a BIOS: its ISO and what that installs start under UEFI', async () => {
  const text = await assetText('recipes/debian.yml')
  const without = text.replace(/^loader:\n(?: .*\n)+/m, '')
  expect(without).not.toBe(text)
  writeFileSync(at('uefi.yml'), without)
  const built = await runKit(['build', '--recipe', at('uefi.yml'), '--out', at('uefi')])
  expect(built.code, built.stderr).toBe(0)
  await replaceFile(at('uefi.qcow2'), writeEmptyQcow2({ size: 4 * GIB }))
  const firmware = ovmf('plain')
  const boot = { cdrom: at('uefi/rancheros.iso') }
  const options = { boot, disks: [qcow2('uefi.qcow2')], cdroms: [at('config.iso')], firmware }
  await withGuest(folder, options, async ({ sh }) => {
    await sh(`echo '${keys}' > user_config.yml`)
    await sh('sudo ros install -d /dev/vda -c user_config.yml -f --no-reboot')
    expect(await sh('sudo head -c 440 /host/dev/vda | tr -d "\\0" | wc -c')).toBe('0\n')
  })
  await withGuest(folder, { ...fromDisk('uefi.qcow2'), firmware }, async ({ sh }) => {
    expect(await sh('sudo ros dev LABEL=RANCHER_STATE; cat /proc/cmdline')).toMatch(
      /^\/dev\/vda2\n.*ros\.boot=/,
    )
  })
})
