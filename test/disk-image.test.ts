import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../packages/cli/src/cloud-config.ts'
import { keysOf, withGuest } from './guest.ts'
import { runKit, runProgram } from './kit.ts'
import { ovmf } from './matrix/firmware.ts'

const GIB = 1024 ** 3
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-disk-'))
  const disks = ['img', 'qcow2', 'vmdk', 'vhd'].flatMap((format) => ['--disk', format])
  const { code, stderr } = await runKit(['build', '--out', folder, ...disks])
  expect(code, stderr).toBe(0)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function tool(program: string, ...args: string[]): Promise<string> {
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`
  const { code, stdout, stderr } = await runProgram(program, args, { env: { PATH: path } })
  expect(code, `${program}: ${stdout}${stderr}`).toBe(0)
  return stdout + stderr
}

/** A partition of the disk as a file of its own. */
async function partition(disk: string, name: string): Promise<string> {
  const table = await readPartitions(fileSource(disk))
  const found = table?.partitions.find((entry) => entry.name === name)
  if (!found) throw new Error(`no partition ${name}`)
  await replaceFile(at('partition'), found.content.open(), { sparse: true })
  return at('partition')
}

test('each format holds the same disk, and checkers find no fault', async () => {
  const raw = at('rancheros.img')
  expect(await tool('sgdisk', '-v', raw)).toMatch(/No problems found/)
  expect(await tool('sfdisk', '-V', raw)).toMatch(/No errors detected/)
  expect(await tool('fsck.fat', '-n', await partition(raw, 'RANCHER_BOOT'))).not.toMatch(
    /differ|wrong|dirty/i,
  )
  for (const [name, format] of [
    ['rancheros.qcow2', 'qcow2'],
    ['rancheros.vmdk', 'vmdk'],
    ['rancheros.vhd', 'vpc'],
  ] as const) {
    if (format !== 'vpc') expect(await tool('qemu-img', 'check', '-f', format, at(name))).toMatch(/No errors/)
    const compared = ['compare', '-f', format, '-F', 'raw', at(name), raw]
    expect(await tool('qemu-img', ...compared)).toMatch(/Images are identical/)
  }
})

test('a larger disk starts under UEFI with secure boot, and its state grows to the end', async () => {
  const disk = at('rancheros.img')
  truncateSync(disk, 5 * GIB)
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(at('config.iso'), userData(undefined, publicKey))
  const options = { boot: { disk }, cdroms: [at('config.iso')], firmware: ovmf('secure boot') }
  await withGuest(folder, options, async ({ sh, serial }) => {
    expect(serial()).toMatch(/root=hd0,gpt1/)
    expect(await sh('sudo dmesg')).toMatch(/Kernel is locked down from EFI Secure Boot/)
    expect(await sh('sudo ros dev LABEL=RANCHER_STATE')).toMatch(/vda2/)
    expect(Number(await sh('df --output=size -B1M / | tail -1'))).toBeGreaterThan(4000)
  })
  expect(await tool('sgdisk', '-v', disk)).toMatch(/No problems found/)
  expect(await tool('sfdisk', '-V', disk)).toMatch(/No errors detected/)
  expect(await tool('e2fsck', '-fn', await partition(disk, 'RANCHER_STATE'))).toMatch(/RANCHER_STATE: /)
})
