import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { type Boot, type Firmware, probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runKit } from './kit.ts'
import { ovmf } from './matrix/firmware.ts'
import { type SmallIso, smallIso } from './matrix/small-iso.ts'

let small: SmallIso
const folder = mkdtempSync(join(tmpdir(), 'ros-customize-'))
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  small = await smallIso()
  await small.write(at('ours.iso'))
  await official()
  writeFileSync(at('cloud.yml'), '#cloud-config\nhostname: customized\n')
  writeFileSync(at('added'), 'was added')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An ISO as RancherOS v1.5.8 was made: lzma initrd, labels and arguments in files of their own, kernel named by version. */
async function official(): Promise<void> {
  mkdirSync(at('t/boot/isolinux'), { recursive: true })
  mkdirSync(at('t/rancheros'))
  await replaceFile(at('t/boot/vmlinuz-6.1.0-rancher'), small.vmlinuz.open())
  await replaceFile(at('archive'), small.archive.open())
  writeFileSync(
    at('t/boot/initrd-v1.5.8'),
    execFileSync('xz', ['--format=lzma', '-1', '-c', at('archive')], { maxBuffer: 1 << 26 }),
  )
  writeFileSync(at('t/rancheros/installer.tar.gz'), 'installer')
  const copy = (from: string, to: string) => writeFileSync(at(to), readFileSync(from))
  copy('/usr/lib/ISOLINUX/isolinux.bin', 't/boot/isolinux/isolinux.bin')
  copy('/usr/lib/syslinux/modules/bios/ldlinux.c32', 't/boot/isolinux/ldlinux.c32')
  writeFileSync(
    at('t/boot/isolinux/isolinux.cfg'),
    'serial 0 115200\nTIMEOUT 20\nPROMPT 1\nINCLUDE ../global.cfg\nINCLUDE ../linux-current.cfg\n',
  )
  writeFileSync(at('t/boot/global.cfg'), 'APPEND quiet console=ttyS0 panic=-1\n')
  writeFileSync(
    at('t/boot/linux-current.cfg'),
    'DEFAULT current\nLABEL current\n    KERNEL /boot/vmlinuz-6.1.0-rancher\n    INITRD /boot/initrd-v1.5.8\n',
  )
  const boot = [
    '-b',
    'boot/isolinux/isolinux.bin',
    '-c',
    'boot/isolinux/boot.cat',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
  ]
  const hybrid = ['-boot-info-table', '-isohybrid-mbr', '/usr/lib/ISOLINUX/isohdpfx.bin']
  const named = [
    '-as',
    'mkisofs',
    '-quiet',
    '-l',
    '-J',
    '-R',
    '-V',
    'RancherOS',
    '-publisher',
    'Rancher Labs, Inc.',
  ]
  execFileSync('xorriso', [...named, ...boot, ...hybrid, '-o', at('official.iso'), at('t')], {
    stdio: 'pipe',
  })
}

/** What came on the serial line of a machine that powered itself off. */
async function boot(from: Boot, firmware?: Firmware): Promise<string> {
  const { accelerator } = await probeAccelerator({})
  const command = qemuCommand({
    accelerator,
    memoryMb: 768,
    cpus: 2,
    boot: from,
    disks: [],
    network: 'none',
    noReboot: true,
    ...(firmware && { firmware }),
  })
  let text = ''
  const onConsole = (more: string) => {
    text += more
  }
  await using machine = await startMachine(command, { onConsole, stdin: 'ignore' })
  await machine.waitForLine(/^HELLO-FROM-INIT/, 240_000)
  expect(await machine.exited).toMatchObject({ code: 0 })
  return text.replaceAll(/\x1b\[[0-9;?=]*[A-Za-z]|\r/g, '')
}

async function customize(name: string, ...more: readonly string[]): Promise<string> {
  const out = at(`${name}.new.iso`)
  const args = [
    '--append',
    'rancher.customized=[a,b]',
    '--remove',
    'quiet',
    '--cloud-config',
    at('cloud.yml'),
  ]
  const files = ['--initrd-file', `/added=${at('added')}`, '--iso-file', `/docs/added=${at('added')}`]
  const { code, stdout, stderr } = await runKit([
    'customize',
    '--json',
    at(name),
    out,
    ...args,
    ...files,
    ...more,
  ])
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ files: ['docs/added'], warnings: [], initrds: [{}] })
  const linted = await runKit(['lint', out])
  expect([linted.code, linted.stdout]).toEqual([0, expect.stringMatching(/ 0 errors, 0 warnings\n$/)])
  expect((await runKit(['cat', `${out}:/docs/added`])).stdout).toBe('was added')
  return out
}

function expectChanges(text: string): void {
  expect(text).toMatch(/CMDLINE .*rancher\.customized=\[a,b\]/)
  expect(text).not.toMatch(/CMDLINE .*quiet/)
  expect(text).toMatch(/FILE \/added 644 was added/)
  expect(text).toMatch(
    /FILE \/var\/lib\/rancher\/conf\/cloud-config\.d\/customize\.yml 600 #cloud-config\nhostname: customized/,
  )
}

describe('a customized ISO has the argument and the files, and starts', () => {
  test('as official RancherOS was laid out, with an lzma initrd, by the BIOS from a disk', async () => {
    const out = await customize('official.iso')
    const text = await boot({ disk: out, readOnly: true })
    expect(text).toMatch(/ISOLINUX \d/)
    expectChanges(text)
  })

  test('ours by the BIOS from a CD, and by UEFI', async () => {
    const out = await customize('ours.iso', '--compression', 'zstd')
    expectChanges(await boot({ cdrom: out }))
    const text = await boot({ cdrom: out }, ovmf('plain'))
    expect(text).toMatch(/root=cd0/)
    expectChanges(text)
  })
})
