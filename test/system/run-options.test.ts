// What docs/run.md says of `run` and `build --verify`, each once with a real machine; and that nothing of them stays.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { type Ended, inFolder, type RunOptions, runKit, runProgram } from '../kit.ts'

const artifacts = inject('artifacts')
const TIME = ['--timeout', '600']

interface Place {
  readonly folder: string
  readonly at: (args: readonly string[], options?: RunOptions) => Promise<Ended>
}

/** A project with temporary files of its own; when `use` has ended none is left, and no process that knows the folder. */
async function inProject(use: (place: Place) => Promise<void>): Promise<void> {
  await inFolder(async (parent) => {
    const folder = join(parent, 'project')
    const temporary = join(parent, 'tmp')
    mkdirSync(folder)
    mkdirSync(temporary)
    const at = (args: readonly string[], options: RunOptions = {}) =>
      runKit(args, { cwd: folder, timeoutMs: 1_500_000, ...options, env: { TMPDIR: temporary } })
    await use({ folder, at })
    await expect.poll(() => processesOf(parent), { timeout: 20_000 }).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  })
}

/** Command lines that name the folder: QEMU's do. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
      } catch {
        return [] // it has ended meanwhile
      }
    })
    .filter((line) => line.includes(folder))
}

/** The first bytes that a socket says. */
function greeting(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('data', (bytes: Buffer) => {
      resolve(bytes.toString('latin1'))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

test('build --verify boots the ISO, finds every service, and writes the report beside the artifacts', async () => {
  await inProject(async ({ folder, at }) => {
    const built = await at(['build', '--out', 'out', '--verify', '--verify-timeout', '900'])
    expect(built.code, built.stderr + built.stdout).toBe(0)
    const report = JSON.parse(readFileSync(join(folder, 'out/verify.json'), 'utf8')) as {
      services: { name: string; ok: boolean }[]
      artifacts: Record<string, string>
    }
    expect(report).toMatchObject({ format: 1, ok: true, problems: [] })
    expect(report.services.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['console', 'docker', 'network', 'ntp', 'syslog', 'udev']),
    )
    const sums = readFileSync(join(artifacts, 'SHA256SUMS'), 'utf8')
    expect(sums).toContain(report.artifacts['rancheros.iso'])
    expect(readFileSync(join(folder, 'out/verify.txt'), 'utf8')).toMatch(/console/)
  })
})

test('--disk, --uefi, --cloud-config-9p, --vnc, --timeline in one machine that stays until stop', async () => {
  await inProject(async ({ folder, at }) => {
    writeFileSync(join(folder, 'config.yml'), '#cloud-config\nhostname: from-9p\n')
    const disk = await at(['build', '--out', 'out', '--disk', 'qcow2'])
    expect(disk.code, disk.stderr).toBe(0)
    const before = (await runProgram('sha256sum', [join(folder, 'out/rancheros.qcow2')])).stdout
    const options = [
      '--disk',
      'out/rancheros.qcow2',
      '--uefi',
      '--vnc',
      '--cloud-config-9p',
      'config.yml',
      '--resizehd',
      '14G',
    ]
    const script =
      'hostname; test -d /sys/firmware/efi && echo uefi; cat /sys/block/vda/size; df -B1G --output=size /var/lib/docker | tail -1'
    const started = await at([
      'run',
      '--detach',
      '--ssh',
      '--timeline',
      'boot.html',
      ...TIME,
      ...options,
      '--',
      script,
    ])
    try {
      expect(started.stdout, started.stderr).toMatch(/^from-9p\nuefi\n29360128\n +1[0-4]\n$/)
      expect(started.code).toBe(0)
      expect(started.stderr).toContain('screen by VNC on')
      // RFC 6143 §7.1.1: a server begins with its version.
      expect(await greeting(join(folder, '.rancheros/vnc.sock'))).toMatch(/^RFB 003\.\d{3}\n/)
      expect(readFileSync(join(folder, 'boot.html'), 'utf8')).toMatch(/<html[^]*<svg[^]*docker/)
      expect(JSON.parse((await at(['ps', '--json'])).stdout)).toMatchObject([
        { name: 'default', state: 'running' },
      ])
    } finally {
      await at(['stop'])
    }
    // The machine has a copy: the image itself stays as it was built.
    expect((await runProgram('sha256sum', [join(folder, 'out/rancheros.qcow2')])).stdout).toBe(before)
  })
})

describe('a machine of its own disk', () => {
  test('--iso --secure-boot installs to it, --boothd starts it by the BIOS and by UEFI', async () => {
    await inProject(async ({ folder, at }) => {
      const machine = ['--out', artifacts, '--name', 'installed', ...TIME]
      // The key of the project comes by the CD; an installed system keeps what it is given here.
      const install =
        'test -d /sys/firmware/efi && sudo ros install -f -d /dev/vda -t generic -a installed=yes --no-reboot'
      const first = await at([
        'run',
        ...machine,
        '--iso',
        '--secure-boot',
        '--no-format',
        '--ssh',
        '--',
        install,
      ])
      expect(first.stdout, first.stderr).toMatch(/is installed/)
      expect(first.code).toBe(0)
      for (const firmware of [[], ['--uefi']]) {
        const script =
          'test -d /sys/firmware/efi && echo uefi || echo bios; cat /proc/cmdline; sudo ros dev LABEL=RANCHER_STATE'
        const from = await at(['run', ...machine, '--boothd', ...firmware, '--ssh', '--', script])
        expect(from.stdout, from.stderr).toMatch(
          new RegExp(`^${firmware.length > 0 ? 'uefi' : 'bios'}\n.*installed=yes.*\n[^]*vda2`),
        )
        expect(from.code).toBe(0)
      }
      expect(existsSync(join(folder, '.rancheros/machines/installed/state.qcow2'))).toBe(true)
    })
  })
})

test('--pxe: iPXE of the card loads kernel and initrd by TFTP', async () => {
  await inProject(async ({ at }) => {
    const started = await at([
      'run',
      '--out',
      artifacts,
      '--pxe',
      ...TIME,
      '--append',
      'seen=1',
      '--ssh',
      '--',
      'cat /proc/cmdline',
    ])
    expect(started.stdout, started.stderr).toMatch(/ seen=1/)
    expect(started.stderr).toContain('powering off')
    expect(started.code).toBe(0)
  })
})

describe('a run that is ended from outside', () => {
  /** Starts `run`, and sends the signal when the guest's kernel or firmware has said something. */
  async function signalled(signal: NodeJS.Signals, { folder, at }: Place): Promise<Ended> {
    const log = join(folder, '.rancheros/console.log')
    rmSync(log, { force: true })
    let waiting: NodeJS.Timeout | undefined
    const ended = await at(['run', '--out', artifacts], {
      onStart: (child) => {
        waiting = setInterval(() => {
          if (existsSync(log) && readFileSync(log).length > 0) {
            clearInterval(waiting)
            child.kill(signal)
          }
        }, 200)
      },
    })
    clearInterval(waiting)
    return ended
  }

  test('Ctrl-C: exit code 130, no machine, no process, no temporary file', async () => {
    await inProject(async (place) => {
      const { code } = await signalled('SIGINT', place)
      expect(code).toBe(130)
      expect((await place.at(['ps', '--all', '--json'])).stdout).not.toContain('running')
    })
  })

  test('SIGKILL: QEMU ends as well, ps says so, and the next start takes the machine over', async () => {
    await inProject(async (place) => {
      const { code } = await signalled('SIGKILL', place)
      expect(code).toBe(null)
      await expect.poll(() => processesOf(place.folder), { timeout: 20_000 }).toEqual([])
      expect((await place.at(['ps', '--json'])).stdout).not.toContain('running')
      const again = await signalled('SIGINT', place)
      expect(again.code).toBe(130)
    })
  })
})
