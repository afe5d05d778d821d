// What is on a disk when the power goes in the middle of an installation. QEMU logs every write of the guest; the first
// so many of them are done again on the disk as it was before, and the result is read as firmware and boot loaders read it.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { keysOf, withGuest } from '../guest.ts'
import { judged, MOMENTS } from './judge.ts'
import { loaderView } from './loader-view.ts'
import { loggedDisk } from './write-log.ts'

const GIB = 1024 ** 3
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
