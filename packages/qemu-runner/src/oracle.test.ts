import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'
import { type Boot, freePort, type QemuOptions, qemuCommand, startMachine } from './index.ts'

interface BlockDevice {
  readonly device: string
  readonly inserted?: { readonly file: string; readonly ro: boolean; readonly drv: string }
}

/** Starts the command with the processor stopped and gives QEMU's own view of its drives. */
async function drives(options: QemuOptions): Promise<Record<string, string>> {
  await using machine = await startMachine(qemuCommand({ ...options, extra: ['-S'] }))
  const found = (await machine.qmp?.execute('query-block')) as BlockDevice[]
  return Object.fromEntries(
    found.map(({ device, inserted }) => [
      device,
      `${inserted?.drv} ${inserted?.ro ? 'ro' : 'rw'} ${inserted?.file}`,
    ]),
  )
}

test.each(['q35', 'pc'] as const)(
  'QEMU takes every option on a %s machine, with odd file names',
  async (machine) => {
    await inDirectory(async (directory) => {
      const path = (name: string) => join(directory, name)
      const disk = path('a,b c.img')
      const iso = path("cd,:'1.iso")
      const state = path('state.qcow2')
      for (const file of [disk, iso]) await writeFile(file, new Uint8Array(1_048_576))
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', state, '1M'])
      const options: QemuOptions = {
        accelerator: 'tcg',
        machine,
        memoryMb: 32,
        cpus: 2,
        noReboot: true,
        boot: { disk, readOnly: true },
        disks: [{ path: state, format: 'qcow2' }],
        cdroms: [iso, iso],
        network: { forwards: [{ hostPort: await freePort(), guestPort: 22 }], hostname: 'a,b' },
        qmpSocket: path('q,m p'),
      }
      expect(await drives(options)).toEqual({
        disk0: `raw ro ${disk}`,
        disk1: `qcow2 rw ${state}`,
        cd0: `raw ro ${iso}`,
        cd1: `raw ro ${iso}`,
      })
      expect(Object.keys(await drives({ ...options, boot: { cdrom: iso } }))).toEqual([
        'disk0',
        'cd0',
        'cd1',
        'cd2',
      ])
    })
  },
)

test('a relative name with a colon is a file, not a protocol', async () => {
  await inDirectory(async (directory) => {
    await writeFile(join(directory, 'nbd:1'), new Uint8Array(1_048_576))
    const before = process.cwd()
    process.chdir(directory)
    try {
      const boot: Boot = { disk: 'nbd:1', snapshot: true }
      const found = await drives({ accelerator: 'tcg', memoryMb: 16, cpus: 1, boot, qmpSocket: 'q' })
      expect(Object.keys(found)).toEqual(['disk0'])
    } finally {
      process.chdir(before)
    }
  })
})
