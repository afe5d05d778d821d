// Machines that are killed in the middle of an installation or an upgrade, and started again.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { keysOf, withGuest } from '../guest.ts'
import { runProgram } from '../kit.ts'
import { mountedInstaller } from '../medium.ts'
import { SECOND_VERSION, secondBuild } from '../second-build.ts'
import { loaderView } from './loader-view.ts'
import { seeded } from './write-log.ts'

const GIB = 1024 ** 3
const SEEDS = [1, 2, 3, 4, 5]
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-kills-'))
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(at('config.iso'), userData(undefined, publicKey))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts a command in a guest and kills the machine after so many milliseconds of it, or when it is done. */
async function killedDuring(
  disk: string,
  command: (guest: Parameters<Parameters<typeof withGuest>[2]>[0]) => Promise<string>,
  afterMs: number,
  medium: string,
): Promise<void> {
  const boot = { cdrom: medium }
  const disks = [{ path: disk, format: 'qcow2' }] as const
  await withGuest(folder, { boot, disks, cdroms: [at('config.iso')] }, async (guest) => {
    const line = await command(guest)
    const running = guest.attempt(line).catch(() => undefined)
    await Promise.race([running, sleep(afterMs)])
    process.kill(guest.machine.pid ?? 0, 'SIGKILL')
    await guest.machine.exited
  })
}

async function view(disk: string) {
  const raw = at('view.img')
  await runProgram('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', disk, raw])
  try {
    return await loaderView(raw)
  } finally {
    rmSync(raw)
  }
}

async function installCommand(): Promise<
  (guest: { sh: (line: string) => Promise<string> }) => Promise<string>
> {
  const { publicKey } = await keysOf(folder)
  return async ({ sh }) => {
    await sh(`echo '${userData(undefined, publicKey)}' > user_config.yml`)
    return 'sudo ros install -d /dev/vda -c user_config.yml -f --no-reboot'
  }
}

describe('ros install', () => {
  test.each(SEEDS)(
    'killed at a moment drawn with seed %i: nothing starts, or the whole system',
    async (seed) => {
      const disk = at(`install-${seed}.qcow2`)
      await replaceFile(disk, writeEmptyQcow2({ size: 4 * GIB }))
      await killedDuring(disk, await installCommand(), seeded(seed)(60_000), iso)
      const { starts } = await view(disk)
      if (starts === undefined) return
      await withGuest(folder, { boot: { disk, format: 'qcow2' } }, async ({ sh }) => {
        expect(await sh('ros os version')).toBe(`${starts}\n`)
      })
    },
  )
})

describe('ros os upgrade', () => {
  let before: string
  let second: string
  beforeAll(async () => {
    before = at('before.qcow2')
    second = join(await secondBuild(folder), 'rancheros.iso')
    await replaceFile(before, writeEmptyQcow2({ size: 4 * GIB }))
    await killedDuring(before, await installCommand(), 600_000, iso)
  })

  test.each(SEEDS)(
    'killed at a moment drawn with seed %i: the old or the new system starts',
    async (seed) => {
      const disk = at(`upgrade-${seed}.qcow2`)
      copyFileSync(before, disk)
      const command = async (guest: Parameters<typeof mountedInstaller>[0]) =>
        `sudo ros os upgrade -i ${await mountedInstaller(guest, 'sr0')} -f --no-reboot`
      await killedDuring(disk, command, seeded(seed)(60_000), second)
      const { starts, bios } = await view(disk)
      await withGuest(folder, { boot: { disk, format: 'qcow2' } }, async ({ sh }) => {
        expect(await sh('ros os version')).toBe(`${bios ?? starts}\n`)
        expect([starts, SECOND_VERSION]).toContain(bios ?? starts)
      })
    },
  )
})
