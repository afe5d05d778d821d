import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { layoutIso, writeIso } from '@ros/iso'
import {
  type Accelerator,
  type Boot,
  type Disk,
  type Firmware,
  type Machine,
  probeAccelerator,
  qemuCommand,
  startMachine,
} from '@ros/qemu-runner'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../kit.ts'
import { ovmf } from './firmware.ts'
import { blankElTorito, smallIso, writeWithGpt } from './small-iso.ts'

const LIMIT_MS = 300_000
const HELLO = /HELLO-FROM-INIT/
let folder: string
/** The ISO; the same with El Torito's name blanked, with a kernel whose signature was removed, with a GPT. */
let iso: string
let blanked: string
let unsigned: string
let gpt: string
let accelerator: Accelerator

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-matrix-'))
  const at = (name: string) => join(folder, name)
  iso = at('small.iso')
  blanked = at('blanked.iso')
  unsigned = at('unsigned.iso')
  gpt = at('gpt.iso')
  const small = await smallIso()
  await small.write(iso)
  await copyFile(iso, blanked)
  await blankElTorito(blanked)
  await writeWithGpt(iso, gpt)
  await replaceFile(at('vmlinuz'), small.vmlinuz.open())
  const removed = await runProgram('sbattach', ['--remove', at('vmlinuz')]).catch((cause: unknown) => {
    throw new Error('sbattach does not start: install the Debian package sbsigntool', { cause })
  })
  expect(removed.code, removed.stderr).toBe(0)
  await small.write(unsigned, fileSource(at('vmlinuz')))
  ;({ accelerator } = await probeAccelerator({}))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Starts a machine, lets `use` watch it, and gives everything that came on its serial line, without control sequences. */
async function boot(
  from: Boot,
  firmware: Firmware | undefined,
  use: (machine: Machine) => Promise<unknown>,
  disks: readonly Disk[] = [],
): Promise<string> {
  const command = qemuCommand({
    accelerator,
    memoryMb: 768,
    cpus: 2,
    boot: from,
    disks,
    network: 'none',
    noReboot: true,
    ...(firmware && { firmware }),
  })
  let text = ''
  const onConsole = (more: string) => {
    text += more
  }
  await using machine = await startMachine(command, { onConsole, stdin: 'pipe' })
  await use(machine)
  return text.replaceAll(/\x1b\[[0-9;?=]*[A-Za-z]|\r/g, '')
}

/** Init says hello, then the guest powers itself off. */
async function greeted(machine: Machine): Promise<void> {
  await machine.waitForLine(HELLO, LIMIT_MS)
  expect(await machine.exited).toMatchObject({ code: 0 })
}

const stick = (disk: string): Boot => ({ disk, readOnly: true, usb: true })
const drive = (disk: string): Boot => ({ disk, readOnly: true })

describe('BIOS, isolinux', () => {
  test.each<[string, () => Boot]>([
    ['CD', () => ({ cdrom: iso })],
    ['disk', () => drive(iso)],
    ['USB stick', () => stick(iso)],
  ])('%s', async (_, from) => {
    const text = await boot(from(), undefined, greeted)
    expect(text).toMatch(/ISOLINUX \d/)
    expect(text).toMatch(/CMDLINE .*console=ttyS0/)
    expect(text).not.toMatch(/CMDLINE .*rancher\./)
  })

  test('the recovery entry, typed at the prompt on the serial line', async () => {
    const text = await boot({ cdrom: iso }, undefined, async (machine) => {
      await machine.waitForLine(/boot:/, LIMIT_MS)
      machine.write('recovery\r')
      await greeted(machine)
    })
    expect(text).toMatch(/CMDLINE .*rancher\.recovery=true/)
  })
})

describe('UEFI, shim and GRUB', () => {
  // GRUB's root tells how firmware found the image: cd0 through El Torito, hd… through the partition table.
  test.each<[string, () => Boot, RegExp]>([
    ['CD', () => ({ cdrom: iso }), /root=cd0/],
    ['disk, through El Torito', () => drive(iso), /root=cd0/],
    ['disk, through the partition table', () => drive(blanked), /root=hd0/],
    ['USB stick, through El Torito', () => stick(iso), /root=cd0/],
    ['USB stick, through the partition table', () => stick(blanked), /root=hd0/],
  ])('%s', async (_, from, root) => {
    const text = await boot(from(), ovmf('plain'), greeted)
    expect(text).toMatch(root)
    expect(text.match(/root=(cd|hd)/g)?.every((found) => root.source.startsWith(found))).toBe(true)
  })
})

describe('UEFI, with another disk that has what GRUB looks for by itself', () => {
  test.each<[string, () => Boot]>([
    ['CD', () => ({ cdrom: iso })],
    ['disk, through the partition table', () => drive(blanked)],
  ])('%s', async (_, from) => {
    const path = join(folder, 'decoy.iso')
    const text = (content: string) => file(fromText(content))
    const decoy = new Tree()
      .addDirectories('.disk')
      .addDirectories('boot/grub')
      .add('.disk/info', text('decoy'))
      .add('boot/grub/grub.cfg', text('echo DECOY\n'))
    await replaceFile(path, writeIso(layoutIso(decoy, { volumeId: 'DECOY', created: 0 })))
    const disks = [{ path, format: 'raw', readOnly: true }] as const
    expect(await boot(from(), ovmf('plain'), greeted, disks)).not.toMatch(/DECOY/)
  })
})

describe('with a GUID partition table', () => {
  test.each<[string, () => Boot]>([
    ['BIOS, CD', () => ({ cdrom: gpt })],
    ['BIOS, disk', () => drive(gpt)],
  ])('%s', async (_, from) => {
    expect(await boot(from(), undefined, greeted)).toMatch(/ISOLINUX \d/)
  })

  // Firmware prefers a GPT to El Torito: here the disk needs no blanking.
  test.each<[string, () => Boot, RegExp]>([
    ['UEFI, CD', () => ({ cdrom: gpt }), /root=cd0/],
    ['UEFI, disk', () => drive(gpt), /root=hd0/],
  ])('%s', async (_, from, root) => {
    expect(await boot(from(), ovmf('plain'), greeted)).toMatch(root)
  })
})

describe('UEFI with secure boot', () => {
  test.each<[string, () => Boot, RegExp]>([
    ['CD', () => ({ cdrom: iso }), /root=cd0/],
    ['USB stick, through El Torito', () => stick(iso), /root=cd0/],
    ['USB stick, through the partition table', () => stick(blanked), /root=hd0/],
  ])('%s', async (_, from, root) => {
    const text = await boot(from(), ovmf('secure boot'), greeted)
    expect(text).toMatch(root)
    expect(text).toMatch(/Kernel is locked down from EFI Secure Boot/)
  })

  test('a kernel whose signature was removed is refused', async () => {
    const text = await boot({ cdrom: unsigned }, ovmf('secure boot'), (machine) =>
      machine.waitForLine(/bad shim signature/, LIMIT_MS),
    )
    expect(text).not.toMatch(HELLO)
  })

  test('the same kernel starts where secure boot is off', async () => {
    expect(await boot({ cdrom: unsigned }, ovmf('plain'), greeted)).not.toMatch(/locked down/)
  })
})
