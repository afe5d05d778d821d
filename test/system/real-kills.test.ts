// QEMU is killed while the guest installs, upgrades, tries or goes back; what is on the disk then must start.
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { type Guest, keysOf, withGuest } from '../guest.ts'
import { runProgram } from '../kit.ts'
import { mountedInstaller } from '../medium.ts'
import { SECOND_VERSION, secondBuild } from '../second-build.ts'
import { loaderView } from './loader-view.ts'
import { seeded } from './write-log.ts'

const GIB = 1024 ** 3
const KILLS = 5
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-kills-'))
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(at('config.iso'), userData(undefined, publicKey))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function blank(name: string): string {
  writeFileSync(at(name), '')
  truncateSync(at(name), 3 * GIB)
  return at(name)
}

const raw = (path: string) => ({ path, format: 'raw' }) as const

async function install({ sh }: Guest): Promise<void> {
  const { publicKey } = await keysOf(folder)
  await sh(`echo '${userData(undefined, publicKey)}' > config.yml`)
  await sh('sudo ros install -d /dev/vda -c config.yml -f --no-reboot')
}

/** Begins what a user would, and kills QEMU so many milliseconds later; gives whether it was in the midst of it. Throws when the work failed before. */
async function killed(guest: Guest, work: () => Promise<void>, afterMs: number): Promise<boolean> {
  const working = work().then(
    () => true,
    () => false,
  )
  const ended = await Promise.race([working, sleep(afterMs, undefined)])
  await guest.machine.kill()
  await working
  if (ended === false) throw new Error(`failed before ${afterMs} ms were over`)
  return ended !== true
}

/** Moments all over a time, no two of them the same. */
function moments(seed: number, takesMs: number): number[] {
  const draw = seeded(seed)
  return Array.from({ length: KILLS }, (_, part) =>
    Math.round(((part + draw(1000) / 1000) / KILLS) * 0.85 * takesMs),
  )
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

test(`killed ${KILLS} times in ros install: the disk starts nothing or the new system`, async () => {
  const options = (disk: string) => ({ boot: { cdrom: iso }, disks: [raw(disk)], cdroms: [at('config.iso')] })
  let takes = 0
  await withGuest(folder, options(blank('whole.img')), async (guest) => {
    takes = await timed(() => install(guest))
  })
  const outcome: string[] = []
  for (const moment of moments(4, takes)) {
    const disk = blank('disk.img')
    let hit = false
    await withGuest(folder, options(disk), async (guest) => {
      hit = await killed(guest, () => install(guest), moment)
    })
    const { starts } = await loaderView(disk)
    if (starts !== undefined) await withGuest(folder, { boot: { disk } }, ({ sh }) => sh('ros os version'))
    outcome.push(`${Math.round(moment)} ms, ${hit ? 'in it' : 'after it'}: ${starts ?? 'nothing'}`)
  }
  process.stdout.write(`${outcome.join('\n')}\n`)
  expect(outcome.filter((line) => line.includes('in it')).length).toBeGreaterThanOrEqual(KILLS - 1)
})

test(`killed ${KILLS} times in ros os upgrade and in the trial: the disk starts the old or the new system`, async () => {
  const second = join(await secondBuild(folder), 'rancheros.iso')
  if (!existsSync(at('whole.img'))) throw new Error('the first test has left no installed disk')
  const upgrade = async (guest: Guest) => {
    const image = await mountedInstaller(guest, 'sr0')
    await guest.sh(`sudo ros os upgrade -i ${image} -f --no-reboot`)
  }
  const copy = async (name: string, from: string) => {
    await runProgram('cp', ['--sparse=always', at(from), at(name)])
    return { boot: { disk: at(name) }, cdroms: [second] }
  }
  let takes = 0
  let old = ''
  await withGuest(folder, await copy('upgraded.img', 'whole.img'), async (guest) => {
    old = await guest.sh('ros os version')
    takes = await timed(() => upgrade(guest))
  })
  const outcome: string[] = []
  const starts = async (moment: string) => {
    await withGuest(folder, { boot: { disk: at('disk.img') } }, async ({ sh }) => {
      const version = await sh('ros os version')
      expect([old, `${SECOND_VERSION}\n`], moment).toContain(version)
      outcome.push(`${moment}: ${version.trim()}`)
    })
  }
  for (const moment of moments(5, takes)) {
    await withGuest(folder, await copy('disk.img', 'whole.img'), async (guest) => {
      await killed(guest, () => upgrade(guest), moment)
    })
    await starts(`upgrade, ${moment} ms`)
  }
  // What the last one left is in nobody's way, and is gone after the next upgrade.
  await withGuest(folder, { boot: { disk: at('disk.img') }, cdroms: [second] }, upgrade)
  expect((await loaderView(at('disk.img'))).bios).toContain(SECOND_VERSION)
  const table = await readPartitions(fileSource(at('disk.img')))
  const volume = table?.partitions.find(({ name }) => name === 'RANCHER_BOOT')
  if (!volume) throw new Error('no boot volume')
  await replaceFile(at('boot.fat'), volume.content.open(), { sparse: true })
  const { code, stdout } = await runProgram('/usr/sbin/fsck.fat', ['-n', at('boot.fat')])
  expect([code, stdout]).toEqual([0, expect.not.stringMatching(/[Rr]eclaim|dirty/i)])
  // The trial: before anything of it has come up, and when it is about to be confirmed.
  for (const words of [/RancherOS .* started/, /has come up and is the current system now/]) {
    await withGuest(folder, await copy('disk.img', 'upgraded.img'), async ({ machine }) => {
      await machine.waitForLine(words, 300_000)
      await machine.kill()
    })
    await starts(`trial, ${words.source}`)
  }
  process.stdout.write(`${outcome.join('\n')}\n`)
})
