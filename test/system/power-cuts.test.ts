// What is on a disk when the power goes in the middle of an installation or an upgrade. QEMU logs every write of the guest; the first
// so many of them are done again on the disk as it was before, and the result is read as firmware and boot loaders read it.
import { constants, copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { keysOf, withGuest } from '../guest.ts'
import { runProgram } from '../kit.ts'
import { mountedInstaller } from '../medium.ts'
import { SECOND_VERSION, secondBuild } from '../second-build.ts'
import { type LoaderView, loaderView } from './loader-view.ts'
import { loggedDisk, readLog, replay, seeded, withFiles } from './write-log.ts'

const GIB = 1024 ** 3
const MOMENTS = 50
const iso = join(inject('artifacts'), 'rancheros.iso')
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-cuts-'))
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(at('config.iso'), userData(undefined, publicKey))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An empty file that seems to have so many bytes. */
function blank(path: string, size: number): string {
  writeFileSync(path, '')
  truncateSync(path, size)
  return path
}

/** Replays the log onto `before`, and judges the disk at moments drawn over all writes and again over the last few, where it matters most. */
async function judged(
  before: string,
  log: string,
  seed: number,
  judge: (view: LoaderView, moment: string) => void,
): Promise<void> {
  await withFiles(before, log, async (image, logged) => {
    const writes = (await readLog(logged)).filter(({ length }) => length > 0)
    expect(writes.length).toBeGreaterThan(100)
    const draw = seeded(seed)
    const moments = new Set<number>()
    while (moments.size < MOMENTS / 2) moments.add(draw(writes.length))
    while (moments.size < MOMENTS)
      moments.add(writes.length - 1 - draw(Math.min(40 * MOMENTS, writes.length)))
    for (const [index, write] of writes.entries()) {
      if (moments.has(index)) {
        const sectors = draw(write.length / 512 + 1)
        await replay(logged, write, image, sectors)
        const moment = `seed ${seed}, ${index} of ${writes.length} writes and ${sectors} sectors`
        const view = await loaderView(before).catch((cause: unknown) => {
          throw new Error(`${moment}: neither the old nor the new system`, { cause })
        })
        judge(view, moment)
        if (view.starts !== undefined) expect(await afterRepair(before), moment).toEqual(view)
      }
      await replay(logged, write, image)
    }
  })
}

/** The same after fsck.fat has mended what it finds on a copy: nothing of it may have touched what starts. */
async function afterRepair(image: string): Promise<LoaderView> {
  const copy = at('repaired.img')
  copyFileSync(image, copy, constants.COPYFILE_FICLONE)
  const boot = (await readPartitions(fileSource(copy)))?.partitions.find(
    ({ name }) => name === 'RANCHER_BOOT',
  )
  if (!boot) throw new Error('no boot volume')
  const volume = at('repaired.fat')
  await replaceFile(volume, boot.content.open(), { sparse: true })
  const { code, stdout } = await runProgram('/usr/sbin/fsck.fat', ['-a', volume])
  expect([0, 1], stdout).toContain(code)
  await runProgram('dd', [
    `if=${volume}`,
    `of=${copy}`,
    'bs=1M',
    `seek=${boot.offset / 2 ** 20}`,
    'conv=notrunc,sparse',
  ])
  const view = await loaderView(copy)
  rmSync(copy)
  return view
}

test('ros install: until the last write the disk starts nothing, after it the new system', async () => {
  const disk = blank(at('disk.img'), 3 * GIB)
  const log = blank(at('install.log'), 8 * GIB)
  const options = { boot: { cdrom: iso }, cdroms: [at('config.iso')], extra: loggedDisk(disk, log) }
  await withGuest(folder, options, async (guest) => {
    await guest.sh('sudo ros install -d /dev/vda -f --no-reboot')
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

test('ros os upgrade: at every moment the old or the new system starts, whole', async () => {
  const second = join(await secondBuild(folder), 'rancheros.iso')
  const disk = at('disk.img')
  copyFileSync(disk, at('before.img'), constants.COPYFILE_FICLONE)
  const log = blank(at('upgrade.log'), 8 * GIB)
  // The disk is the second one for QEMU, but the only one that starts.
  const extra = loggedDisk(disk, log)
  const options = { boot: { cdrom: iso }, cdroms: [second, at('config.iso')], extra }
  const old = await loaderView(disk)
  await withGuest(folder, options, async (guest) => {
    const image = await mountedInstaller(guest, 'sr1')
    const told = await guest.sh(`sudo ros os upgrade -i ${image} -f --no-reboot`)
    expect(told).toContain(`the next start tries ${SECOND_VERSION}`)
  })
  const done = await loaderView(disk)
  expect(done).toMatchObject({ starts: old.starts, bios: SECOND_VERSION, uefi: SECOND_VERSION })
  const outcomes = new Set<string>()
  await judged(at('before.img'), log, 2, (view, moment) => {
    expect(view.starts, moment).toBe(old.starts)
    for (const name of [view.starts, view.bios, view.uefi])
      if (name !== undefined) expect(view.digests[name], moment).toBe(done.digests[name])
    outcomes.add(`${view.bios} ${view.uefi}`)
  })
  expect(outcomes).toContain('undefined undefined')
  expect(await loaderView(at('before.img'))).toEqual(done)
})
