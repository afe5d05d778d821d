// Installed and started again under UEFI, without and with secure boot; an upgrade that does not come up; and what the installer refuses.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import type { Firmware } from '@ros/qemu-runner'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { keysOf, withGuest } from '../guest.ts'
import { ovmf } from '../matrix/firmware.ts'
import { mountedInstaller } from '../medium.ts'
import { SECOND_VERSION, secondBuild } from '../second-build.ts'

const GIB = 1024 ** 3
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
let second: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-matrix-'))
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(at('config.iso'), userData(undefined, publicKey))
  second = join(await secondBuild(folder), 'rancheros.iso')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function empty(name: string, size = 6 * GIB): Promise<string> {
  await replaceFile(at(name), writeEmptyQcow2({ size }))
  return at(name)
}

async function installed(name: string, firmware?: Firmware): Promise<{ disk: string; format: 'qcow2' }> {
  const disk = await empty(name)
  const { publicKey } = await keysOf(folder)
  const boot = { cdrom: iso }
  const disks = [{ path: disk, format: 'qcow2' }] as const
  await withGuest(
    folder,
    { boot, disks, cdroms: [at('config.iso')], ...(firmware && { firmware }) },
    async ({ sh }) => {
      await sh(`echo '${userData(undefined, publicKey)}' > user_config.yml`)
      await sh('sudo ros install -d /dev/vda -c user_config.yml -f --no-reboot')
    },
  )
  return { disk, format: 'qcow2' }
}

describe.each(['plain', 'secure boot'] as const)('UEFI, %s', (kind) => {
  test('install, start from the disk alone, upgrade, roll back', async () => {
    const firmware = ovmf(kind)
    const boot = await installed(`${kind.replace(' ', '-')}.qcow2`, firmware)
    let first = ''
    await withGuest(folder, { boot, firmware, cdroms: [second] }, async (guest) => {
      expect(guest.serial()).toMatch(/root=hd0,gpt1/)
      first = await guest.sh('ros os version')
      const image = await mountedInstaller(guest, 'sr0')
      await guest.sh(`sudo ros os upgrade -i ${image} -f --no-reboot`)
    })
    await withGuest(folder, { boot, firmware }, async ({ sh, machine }) => {
      expect(await sh('ros os version')).toBe(`${SECOND_VERSION}\n`)
      await machine.waitForLine(/has come up and is the current system now/, 120_000)
      expect(await sh('sudo ros os rollback')).toContain(`the next start is ${first.trim()}`)
    })
    await withGuest(folder, { boot, firmware }, async ({ sh }) => {
      expect(await sh('ros os version')).toBe(first)
    })
  })
})

test('a system that does not come up is followed by the one before', async () => {
  const boot = await installed('fails.qcow2')
  let first = ''
  await withGuest(folder, { boot, cdroms: [second] }, async (guest) => {
    first = await guest.sh('ros os version')
    const image = await mountedInstaller(guest, 'sr0')
    // A state that is not there ends the boot of the new system only; panic=10 starts the machine again.
    await guest.sh(
      `sudo ros os upgrade -i ${image} -f --no-reboot --append "rancher.state.required=true rancher.state.dev=LABEL=NONE panic=5"`,
    )
  })
  // The guest restarts by itself: the word that asked for the trial is gone, so the old system starts.
  await withGuest(folder, { boot, reboots: true }, async ({ sh, machine, serial }) => {
    await machine.waitForLine(/did not come up: .* runs again/, 300_000)
    expect(serial()).toMatch(/RancherOS can not boot/)
    expect(await sh('ros os version')).toBe(first)
    expect(await sh('sudo mount /host/dev/vda1 /mnt && cat /mnt/ros/boot.cfg; sudo umount /mnt')).not.toMatch(
      /trial/,
    )
  })
})

test('the installer refuses what can not be, and changes nothing', async () => {
  const small = await empty('small.qcow2', GIB)
  const busy = await empty('busy.qcow2')
  const disks = [
    { path: busy, format: 'qcow2' },
    { path: small, format: 'qcow2' },
  ] as const
  const options = { boot: { cdrom: iso }, disks, cdroms: [at('config.iso'), second] }
  await withGuest(folder, options, async (guest) => {
    const { sh, attempt } = guest
    const refused = async (command: string, reason: RegExp) => {
      const { code, text } = await attempt(`sudo ros ${command}`)
      expect([code, text], command).toEqual([1, expect.stringMatching(reason)])
    }
    const untouched = () =>
      sh('sudo dd if=/host/dev/vda bs=1M count=600 2>/dev/null | sha256sum; sudo sha256sum /host/dev/vdb')
    await sh(
      'sudo mke2fs -q -F /host/dev/vda && sudo mkdir -p /mnt/busy && sudo mount /host/dev/vda /mnt/busy && sync',
    )
    const before = await untouched()
    await refused('install -d /dev/vda -f --no-reboot', /\/dev\/vda is in use: something of it is mounted/)
    await sh('sudo umount /mnt/busy')
    await refused(
      'install -d /dev/vdb -f --no-reboot',
      /the disk is too small: it has 1073 MB, \d+ MB are needed/,
    )
    await refused('install -d /dev/vdx -f --no-reboot', /vdx: no such file/)
    await refused('install -d /dev/null -f --no-reboot', /is no disk/)
    await refused('install -d /dev/sr0 -f --no-reboot', /can only be read|no medium|too small|in use/)
    await refused('install -d /dev/vda -i rancher/os:none -f --no-reboot', /rancher\/os:none/)
    await refused('install -t rancher-upgrade -d /dev/vda -f --no-reboot', /no boot volume/)
    await refused('os upgrade -i /nowhere.tar -f --no-reboot', /nowhere\.tar: no such file/)
    await refused('os rollback', /no boot volume/)
    const { text } = await attempt('echo n | sudo ros install -d /dev/vda --no-reboot')
    expect(text).toMatch(/will be erased: vda: a file system of type ext2[^]*nothing was done/)
    expect((await untouched()).split('\n')[1]).toBe(before.split('\n')[1])
  })
})
