import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../packages/cli/src/cloud-config.ts'
import { type Guest, keysOf, withGuest } from './guest.ts'
import { runProgram } from './kit.ts'
import { mountedInstaller } from './medium.ts'
import { SECOND_VERSION, secondBuild } from './second-build.ts'

const GIB = 1024 ** 3
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
let disk: string
let config: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-install-'))
  disk = join(folder, 'disk.qcow2')
  config = join(folder, 'config.iso')
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(config, userData(undefined, publicKey))
  await replaceFile(disk, writeEmptyQcow2({ size: 6 * GIB }))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const disks = () => [{ path: disk, format: 'qcow2' }] as const
const fromDisk = () => ({ boot: { disk, format: 'qcow2' } }) as const

async function version({ sh }: Guest): Promise<string> {
  return (await sh('ros -v')).trim().split(' ').at(-1) ?? ''
}

test('install from the ISO, start from the disk alone, upgrade, roll back', async () => {
  const { publicKey } = await keysOf(folder)
  let first = ''
  await withGuest(folder, { boot: { cdrom: iso }, disks: disks(), cdroms: [config] }, async (guest) => {
    first = await version(guest)
    await guest.sh(`echo '${userData(undefined, publicKey)}' > user_config.yml`)
    const options = '-d /dev/vda -c user_config.yml -a installed=yes --no-reboot'
    const refused = await guest.attempt(`echo n | sudo ros install ${options}`)
    expect(refused.text).toMatch(/state partition of \d+ MB[^]*Continue\?[^]*nothing was done/)
    expect(refused.code).toBe(1)
    expect(await guest.sh(`sudo ros install ${options} -f`)).toContain(`RancherOS ${first} is installed`)
    // What stands there now is shown before anything is done.
    const again = await guest.attempt('echo n | sudo ros install -d /dev/vda --no-reboot')
    expect(again.text).toMatch(
      /will be erased: vda2: a partition named RANCHER_STATE, a file system of type ext4/,
    )
    expect(again.code).toBe(1)
  })
  const raw = join(folder, 'disk.img')
  await runProgram('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', disk, raw])
  expect((await runProgram('/usr/sbin/sgdisk', ['-v', raw])).stdout).toMatch(/No problems found/)
  rmSync(raw)

  const second = join(await secondBuild(folder), 'rancheros.iso')
  await withGuest(folder, { ...fromDisk(), cdroms: [second] }, async (guest) => {
    expect(await version(guest)).toBe(first)
    expect(await guest.sh('cat /proc/cmdline')).toMatch(/installed=yes/)
    expect(await guest.sh('sudo ros dev LABEL=RANCHER_STATE')).toMatch(/vda2/)
    await guest.sh('echo remembered > note && sync')
    const image = await mountedInstaller(guest, 'sr0')
    const older = await guest.attempt('sudo ros os rollback')
    expect(older.text).toContain('there is no previous system')
    const upgraded = await guest.sh(`sudo ros os upgrade -i ${image} -f --no-reboot`)
    expect(upgraded).toContain(`the next start tries ${SECOND_VERSION}`)
  })
  await withGuest(folder, fromDisk(), async (guest) => {
    expect(await version(guest)).toBe(SECOND_VERSION)
    expect(await guest.sh('cat note')).toBe('remembered\n')
    await guest.machine.waitForLine(/has come up and is the current system now/, 300_000)
    expect(await guest.sh('sudo ros os rollback')).toContain(`the next start is ${first}`)
  })
  await withGuest(folder, fromDisk(), async (guest) => {
    expect(await version(guest)).toBe(first)
    expect(await guest.sh('cat note')).toBe('remembered\n')
    expect(await guest.sh('cat /proc/cmdline')).toMatch(/installed=yes/)
  })
})
