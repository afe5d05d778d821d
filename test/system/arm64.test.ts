// The same system for arm64, built here, started as such machines are: directly, by UEFI from CD and disk, installed, upgraded.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { type Guest, type GuestOptions, keysOf, withGuest } from '../guest.ts'
import { root, runKit, runProgram } from '../kit.ts'
import { aavmf } from '../matrix/firmware.ts'
import { mountedInstaller } from '../medium.ts'
import { SECOND_VERSION, secondBuild } from '../second-build.ts'

const GIB = 1024 ** 3
let folder: string
const at = (name: string) => join(folder, name)
const built = (name: string) => join(folder, 'artifacts', name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-arm64-'))
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(at('config.iso'), userData(undefined, publicKey))
  // `npm start` does not make this one.
  const ros = await runProgram('node', ['scripts/build.mjs'], { cwd: root })
  expect(ros.code, ros.stderr).toBe(0)
  const options = ['--arch', 'arm64', '--disk', 'qcow2', '--disk', 'img', '--out', at('artifacts')]
  const { code, stderr } = await runKit(['build', ...options], { cwd: folder })
  expect(code, stderr).toBe(0)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function withArm(
  options: Omit<GuestOptions, 'arch' | 'cdroms'> & { cdroms?: readonly string[] },
  use: (guest: Guest) => Promise<void>,
): Promise<void> {
  return withGuest(folder, { cdroms: [at('config.iso')], ...options, arch: 'aarch64' }, use)
}

/** Every service runs, each for this architecture. */
async function works({ sh, machine }: Guest): Promise<void> {
  await machine.waitForLine(/RancherOS \S+ started/, 600_000)
  expect(await sh('uname -m; cat /proc/1/comm')).toBe('aarch64\nros\n')
  const services = await sh('sudo system-docker ps --format "{{.Names}}"')
  for (const name of ['console', 'docker', 'network', 'ntp', 'syslog', 'udev'])
    expect(services).toContain(name)
  // A slow machine's docker may need a second start of its containerd.
  const docker = 'until docker version --format "{{.Server.Arch}}" 2> /dev/null; do sleep 2; done'
  expect(await sh(`timeout 300 sh -c '${docker}'`)).toMatch(/^arm64$/m)
}

test('the lock is the architecture’s own, and so is every package', async () => {
  const { code, stderr } = await runKit(['lock', '--arch', 'arm64'], { cwd: folder })
  expect(code, stderr).toBe(0)
  const again = await runKit(['build', '--arch', 'arm64', '--locked', '--offline', '--out', at('again')], {
    cwd: folder,
  })
  expect(again.code, again.stderr).toBe(0)
  const sums = async (name: string) =>
    (await runProgram('sha256sum', ['vmlinuz', 'initrd', 'rancheros.iso'], { cwd: at(name) })).stdout
  expect(await sums('again')).toBe(await sums('artifacts'))
  // A kernel that UEFI starts is a program of its own: a PE header with the machine's number (PE Format, "COFF File Header").
  const kernel = readFileSync(built('vmlinuz'))
  const header = kernel.readUInt32LE(0x3c)
  expect(kernel.toString('latin1', header, header + 4)).toBe('PE\0\0')
  expect(kernel.readUInt16LE(header + 4)).toBe(0xaa64)
})

test('the disk image is whole', async () => {
  const image = built('rancheros.img')
  expect((await runProgram('/usr/sbin/sgdisk', ['-v', image])).stdout).toMatch(/No problems found/)
  expect((await runProgram('qemu-img', ['check', built('rancheros.qcow2')])).code).toBe(0)
})

test('direct boot', async () => {
  const boot = { kernel: built('vmlinuz'), initrd: built('initrd'), append: 'quiet console=ttyAMA0' }
  await withArm({ boot }, works)
})

test.each([
  ['CD', () => ({ cdrom: built('rancheros.iso') })],
  ['disk', () => ({ disk: built('rancheros.iso'), snapshot: true })],
] as const)('the ISO as a %s, by UEFI', async (_, boot) => {
  await withArm({ boot: boot(), firmware: aavmf() }, works)
})

test('the disk image, by UEFI: its state grows and stays', async () => {
  const disk = built('rancheros.qcow2')
  await runProgram('qemu-img', ['resize', disk, '5G'])
  const options = { boot: { disk, format: 'qcow2' }, firmware: aavmf() } as const
  await withArm(options, async (guest) => {
    await works(guest)
    expect(Number(await guest.sh('df --output=size -k / | tail -1'))).toBeGreaterThan(3_000_000)
    await guest.sh('echo remembered > note && sync')
  })
  await withArm(options, async ({ sh }) => {
    expect(await sh('cat note')).toBe('remembered\n')
  })
})

test('install from the ISO, start from the disk alone, upgrade, roll back', async () => {
  const disk = at('disk.qcow2')
  await replaceFile(disk, writeEmptyQcow2({ size: 6 * GIB }))
  const firmware = aavmf()
  const { publicKey } = await keysOf(folder)
  const disks = [{ path: disk, format: 'qcow2' }] as const
  await withArm({ boot: { cdrom: built('rancheros.iso') }, disks, firmware }, async ({ sh }) => {
    await sh(`echo '${userData(undefined, publicKey)}' > user_config.yml`)
    await sh('sudo ros install -d /dev/vda -c user_config.yml -f --no-reboot')
  })
  const second = join(await secondBuild(folder, '--arch', 'arm64'), 'rancheros.iso')
  const boot = { disk, format: 'qcow2' } as const
  let first = ''
  await withArm({ boot, firmware, cdroms: [second] }, async (guest) => {
    await works(guest)
    first = await guest.sh('ros os version')
    const image = await mountedInstaller(guest, 'sr0')
    await guest.sh(`sudo ros os upgrade -i ${image} -f --no-reboot`)
  })
  await withArm({ boot, firmware, cdroms: [] }, async ({ sh, machine }) => {
    expect(await sh('ros os version')).toBe(`${SECOND_VERSION}\n`)
    await machine.waitForLine(/has come up and is the current system now/, 600_000)
    expect(await sh('sudo ros os rollback')).toContain(`the next start is ${first.trim()}`)
  })
  await withArm({ boot, firmware, cdroms: [] }, async ({ sh }) => {
    expect(await sh('ros os version')).toBe(first)
  })
})
