// What is on a disk when the power goes in the middle of an installation or an upgrade. QEMU logs every write of the guest; the first
// so many of them are done again on the disk as it was before, and the result is read as firmware and boot loaders read it.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { type Guest, keysOf, withGuest } from '../guest.ts'
import { runProgram } from '../kit.ts'
import { mountedInstaller } from '../medium.ts'
import { SECOND_VERSION, secondBuild } from '../second-build.ts'
import { judged, MOMENTS } from './judge.ts'
import { type LoaderView, loaderView } from './loader-view.ts'
import { loggedDisk } from './write-log.ts'

const GIB = 1024 ** 3
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-cuts-'))
  const { publicKey } = await keysOf(folder)
  const config = userData(undefined, publicKey)
  await writeCloudConfigIso(at('config.iso'), config)
  writeFileSync(at('config.yml'), config)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An empty file that seems to have so many bytes. */
function blank(path: string, size: number): string {
  writeFileSync(path, '')
  truncateSync(path, size)
  return path
}

test('ros install: until the last write the disk starts nothing, after it the new system', async () => {
  const disk = blank(at('disk.img'), 3 * GIB)
  const log = blank(at('install.log'), 8 * GIB)
  const options = { boot: { cdrom: iso }, cdroms: [at('config.iso')], extra: loggedDisk(disk, log) }
  await withGuest(folder, options, async (guest) => {
    await guest.sh(`echo '${readFileSync(at('config.yml'), 'utf8')}' > config.yml`)
    await guest.sh('sudo ros install -d /dev/vda -c config.yml -f --no-reboot')
  })
  const whole = await loaderView(disk)
  expect(whole.starts).toMatch(/^v/)
  let nothing = 0
  let started = 0
  await judged(blank(at('replay.img'), 3 * GIB), log, 1, (view, moment) => {
    if (view.starts === undefined) nothing++
    else {
      started++
      expect(view, moment).toEqual(whole)
    }
  })
  expect([nothing > 0, nothing + started]).toEqual([true, MOMENTS])
  expect(await loaderView(at('replay.img'))).toEqual(whole)
})

/** Starts the installed disk and logs what is written on it meanwhile; `before` is how it was, to replay the log on. */
async function logged(
  name: string,
  cdroms: readonly string[],
  use: (guest: Guest) => Promise<void>,
): Promise<{ before: string; log: string; from: LoaderView; to: LoaderView }> {
  const disk = at('disk.img')
  const before = blank(at('replay.img'), 0)
  await runProgram('cp', ['--sparse=always', disk, before])
  const log = blank(at(`${name}.log`), 8 * GIB)
  // SeaBIOS starts nothing from an empty CD, and goes on to the disk. Of disks it would try only the first.
  const cdrom = blank(at('empty.iso'), 2 ** 20)
  const from = await loaderView(disk)
  await withGuest(folder, { boot: { cdrom }, cdroms, extra: loggedDisk(disk, log, 1) }, use)
  return { before, log, from, to: await loaderView(disk) }
}

test('ros os upgrade: the old system starts, or the new one whole, whenever the power goes', async () => {
  const second = join(await secondBuild(folder), 'rancheros.iso')
  const { before, log, from, to } = await logged('upgrade', [second], async (guest) => {
    const image = await mountedInstaller(guest, 'sr1')
    await guest.sh(`sudo ros os upgrade -i ${image} -f --no-reboot`)
  })
  expect(from).toMatchObject({ bios: undefined, uefi: undefined })
  expect(to).toMatchObject({
    starts: from.starts,
    bios: expect.stringContaining(SECOND_VERSION),
    uefi: to.bios,
  })
  const tried = { none: 0, once: 0 }
  await judged(before, log, 2, (view, moment) => {
    expect(view.starts, moment).toBe(from.starts)
    for (const [folder, digest] of Object.entries(view.digests)) {
      expect(digest, `${moment}: ${folder}`).toBe(to.digests[folder])
    }
    for (const once of [view.bios, view.uefi]) {
      expect([undefined, to.bios], moment).toContain(once)
      tried[once === undefined ? 'none' : 'once']++
    }
  })
  expect(tried.none).toBeGreaterThan(0)
  expect(await loaderView(before)).toEqual(to)
})

test('the trial, its confirmation and ros os rollback: one of both starts, whenever the power goes', async () => {
  const { before, log, from, to } = await logged('trial', [], async ({ sh, machine }) => {
    expect(await sh('ros os version')).toBe(`${SECOND_VERSION}\n`)
    await machine.waitForLine(/has come up and is the current system now/, 300_000)
    await sh('sync; sudo ros os rollback')
  })
  expect(to.starts).toBe(from.starts)
  const started = new Set<string | undefined>()
  await judged(before, log, 3, (view, moment) => {
    started.add(view.starts)
    expect([from.starts, from.bios], moment).toContain(view.starts)
    for (const [folder, digest] of Object.entries(view.digests)) {
      expect(digest, `${moment}: ${folder}`).toBe(from.digests[folder])
    }
    for (const once of [view.bios, view.uefi]) expect([undefined, from.bios], moment).toContain(once)
  })
  expect(started.has(from.starts)).toBe(true)
  expect(await loaderView(before)).toEqual(to)
})
