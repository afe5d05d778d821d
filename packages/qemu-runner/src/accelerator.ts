import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeKey, readVerdict, recordVerdict } from './accelerator-cache.ts'
import { microGuest } from './boot-sector.ts'
import { type Accelerator, qemuCommand } from './command.ts'
import { QemuRunnerError } from './error.ts'
import { startMachine } from './start-machine.ts'

const MARKER = 'micro guest runs'
/**
 * A KVM that is itself emulated may run a million instructions a second: a boot sector still prints within seconds, a
 * kernel gets nowhere. This many turns take TCG 0.3 s, a processor less, and such a KVM minutes.
 */
const TURNS = 100_000_000
const NAMES: Readonly<Record<Accelerator, string>> = { kvm: 'KVM', hvf: 'HVF', tcg: 'TCG' }

export interface ProbeOptions {
  /** QEMU program; `qemu-system-x86_64` unless said. */
  readonly qemu?: string
  /** What to try, best first; what this operating system has unless said. TCG needs no proof and comes last. */
  readonly candidates?: readonly Accelerator[]
  /** How long the micro guest may take to print its line. */
  readonly timeoutMs?: number
  /** Where to remember what a micro guest proved, by host, boot and QEMU version. */
  readonly cacheFile?: string
  /** The device file of KVM; /dev/kvm unless said. */
  readonly kvmDevice?: string
}

export interface ProbeResult {
  readonly accelerator: Accelerator
  /** One line for the user: what was found and what is used. */
  readonly reason: string
}

/**
 * Finds an accelerator that really runs a guest. A device file that opens proves nothing: each candidate must boot a
 * guest of one sector that prints a line in time, with the CPU model that machines get. Falls back to TCG, never
 * throws for a candidate that does not work; `ROS_QEMU_NOT_FOUND` when QEMU is missing and a candidate was to be tried.
 */
export async function probeAccelerator(options: ProbeOptions = {}): Promise<ProbeResult> {
  const { qemu = 'qemu-system-x86_64', timeoutMs = 8_000, kvmDevice = '/dev/kvm' } = options
  const candidates = options.candidates ?? candidatesOf(process.platform)
  const problems: string[] = []
  for (const candidate of candidates) {
    if (candidate === 'tcg') break
    const closed = candidate === 'kvm' ? await deviceProblem(kvmDevice) : undefined
    const problem = closed ?? (await provenProblem(candidate, qemu, timeoutMs, kvmDevice, options.cacheFile))
    if (problem === undefined)
      return { accelerator: candidate, reason: `${NAMES[candidate]} runs a guest: using it` }
    problems.push(problem)
  }
  const found = problems.length === 0 ? 'no accelerator to try' : problems.join('; ')
  return { accelerator: 'tcg', reason: `${found}: using TCG (slow)` }
}

function candidatesOf(platform: NodeJS.Platform): readonly Accelerator[] {
  if (platform === 'linux') return ['kvm']
  return platform === 'darwin' ? ['hvf'] : []
}

async function deviceProblem(device: string): Promise<string | undefined> {
  try {
    const handle = await open(device, 'r+')
    await handle.close()
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return `there is no ${device}`
    if (code === 'EACCES' || code === 'EPERM') {
      return `${device} is there but this user may not open it (is the user in the group kvm?)`
    }
    return `${device} does not open (${message})`
  }
}

async function provenProblem(
  accelerator: Accelerator,
  qemu: string,
  timeoutMs: number,
  kvmDevice: string,
  cacheFile: string | undefined,
): Promise<string | undefined> {
  const subject = accelerator === 'kvm' ? `${kvmDevice} is there` : `${NAMES[accelerator]} may be there`
  if (cacheFile === undefined) return await guestProblem(accelerator, qemu, timeoutMs, subject)
  const key = await probeKey(accelerator, qemu)
  const known = await readVerdict(cacheFile, key)
  if (known) return known.problem ?? undefined
  const problem = await guestProblem(accelerator, qemu, timeoutMs, subject)
  await recordVerdict(cacheFile, key, { problem: problem ?? null })
  return problem
}

/** Why the micro guest does not run under this accelerator, or `undefined` when it does. */
async function guestProblem(
  accelerator: Accelerator,
  qemu: string,
  timeoutMs: number,
  subject: string,
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'ros-probe-'))
  try {
    const disk = join(directory, 'guest.img')
    await writeFile(disk, microGuest(`${MARKER}\r\n`, { turns: TURNS }))
    return await runGuest(accelerator, qemu, disk, timeoutMs, subject)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function runGuest(
  accelerator: Accelerator,
  qemu: string,
  disk: string,
  timeoutMs: number,
  subject: string,
): Promise<string | undefined> {
  const command = qemuCommand({
    program: qemu,
    accelerator,
    memoryMb: 16,
    cpus: 1,
    boot: { disk, readOnly: true },
    network: 'none',
    noReboot: true,
    extra: ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
  })
  try {
    await using machine = await startMachine(command)
    try {
      await machine.waitForLine(new RegExp(MARKER), timeoutMs)
    } finally {
      // A vCPU that hangs in the kernel keeps QEMU from ending in any gentler way.
      await machine.kill()
    }
    return undefined
  } catch (error) {
    if (!(error instanceof QemuRunnerError)) throw error
    if (error.code === 'ROS_QEMU_CONSOLE_TIMEOUT') {
      return `${subject} but a guest does not run within ${timeoutMs / 1000} s`
    }
    if (error.code === 'ROS_QEMU_EXITED') {
      const said = error.lines.find((line) => line.includes(': error:')) ?? error.lines.at(-1) ?? error.got
      return `${subject} but QEMU ends (${said})`
    }
    throw error
  }
}
