import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeKey, readVerdict, recordVerdict } from './accelerator-cache.ts'
import { microGuest } from './boot-sector.ts'
import { qemuCommand } from './command.ts'
import { QemuRunnerError } from './error.ts'
import { microGuestArm64 } from './micro-guest-arm64.ts'
import type { Accelerator, Boot, QemuArch } from './qemu-options.ts'
import { startMachine } from './start-machine.ts'

const MARKER = 'micro guest runs'
/**
 * A KVM that is itself emulated may run a million instructions a second: a boot sector still prints within seconds, a
 * kernel gets nowhere. This many turns take TCG 0.3 s, a processor less, and such a KVM minutes.
 */
const TURNS = 100_000_000
const NAMES: Readonly<Record<Accelerator, string>> = { kvm: 'KVM', hvf: 'HVF', whpx: 'WHPX', tcg: 'TCG' }

/** Which accelerator is tried, with what, and who remembers it. */
export interface ProbeOptions {
  /** Architecture of the guests; x86_64 unless said. */
  readonly arch?: QemuArch
  /** QEMU program; `qemu-system-<arch>` unless said. */
  readonly qemu?: string
  /** What must be used: anything else throws. */
  readonly required?: Accelerator
  /** Architecture of this machine; that of this process unless said. Others' guests run under TCG only. */
  readonly hostArch?: QemuArch
  /** What to try, best first; what this operating system has unless said. TCG needs no proof and comes last. */
  readonly candidates?: readonly Accelerator[]
  /** How long the micro guest may take to print its line. */
  readonly timeoutMs?: number
  /** Where to remember what a micro guest proved, by host, boot and QEMU version. */
  readonly cacheFile?: string
  /** The device file of KVM; /dev/kvm unless said. */
  readonly kvmDevice?: string
  /** Ends the proof; its reason is thrown, and nothing is remembered. Without it signals end this process as ever. */
  readonly signal?: AbortSignal
}

/** What `probeAccelerator` found. */
export interface ProbeResult {
  readonly accelerator: Accelerator
  /** One line for the user: what was found and what is used. */
  readonly reason: string
}

/**
 * Finds an accelerator that really runs a guest. A device file that opens proves nothing: each candidate must boot a
 * tiny guest that prints a line in time, with the CPU model that machines get. Falls back to TCG, never throws for
 * a candidate that does not work, unless it was `required` (`ROS_QEMU_ACCELERATOR`); `ROS_QEMU_NOT_FOUND` when QEMU is
 * missing and a candidate was to be tried.
 */
export async function probeAccelerator(options: ProbeOptions = {}): Promise<ProbeResult> {
  const { arch = 'x86_64', required, hostArch = archOf(process.arch) } = options
  const { qemu = `qemu-system-${arch}`, timeoutMs = 8_000, kvmDevice = '/dev/kvm' } = options
  if (required === 'tcg') return { accelerator: 'tcg', reason: 'TCG was asked for' }
  const candidates = required ? [required] : (options.candidates ?? candidatesOf(process.platform))
  const problems: string[] = []
  if (hostArch !== arch) {
    problems.push(`this machine is ${hostArch ?? process.arch}, the guest ${arch}`)
    if (required === undefined) return { accelerator: 'tcg', reason: `${problems[0]}: using TCG (slow)` }
  }
  for (const candidate of candidates) {
    if (candidate === 'tcg') break
    const closed = problems[0] ?? (candidate === 'kvm' ? await deviceProblem(kvmDevice) : undefined)
    const guest = { accelerator: candidate, arch, qemu, timeoutMs, kvmDevice, signal: options.signal }
    const problem = closed ?? (await provenProblem(guest, options.cacheFile))
    if (problem === undefined)
      return { accelerator: candidate, reason: `${NAMES[candidate]} runs a guest: using it` }
    problems.push(problem)
  }
  if (required) throw unavailable(required, problems.join('; '))
  const found = problems.length === 0 ? 'no accelerator to try' : problems.join('; ')
  return { accelerator: 'tcg', reason: `${found}: using TCG (slow)` }
}

function unavailable(accelerator: Accelerator, got: string): QemuRunnerError {
  return new QemuRunnerError('ROS_QEMU_ACCELERATOR', 'does not run a guest', {
    subject: NAMES[accelerator],
    got,
    hint: 'without --accel and --kvm the kit takes what works; --accel tcg works everywhere',
  })
}

function archOf(name: NodeJS.Architecture): QemuArch | undefined {
  if (name === 'x64') return 'x86_64'
  return name === 'arm64' ? 'aarch64' : undefined
}

function candidatesOf(platform: NodeJS.Platform): readonly Accelerator[] {
  if (platform === 'linux') return ['kvm']
  if (platform === 'win32') return ['whpx']
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

interface GuestToProve {
  readonly accelerator: Accelerator
  readonly arch: QemuArch
  readonly qemu: string
  readonly timeoutMs: number
  readonly kvmDevice: string
  readonly signal: AbortSignal | undefined
}

async function provenProblem(
  guest: GuestToProve,
  cacheFile: string | undefined,
): Promise<string | undefined> {
  if (cacheFile === undefined) return await guestProblem(guest)
  const key = await probeKey(guest.accelerator, guest.qemu)
  const known = await readVerdict(cacheFile, key)
  if (known) return known.problem ?? undefined
  const problem = await guestProblem(guest)
  await recordVerdict(cacheFile, key, { problem: problem ?? null })
  return problem
}

/** Why the micro guest does not run under this accelerator, or `undefined` when it does. */
async function guestProblem(guest: GuestToProve): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'ros-probe-'))
  try {
    const path = join(directory, 'guest.img')
    const text = `${MARKER}\r\n`
    const arm = guest.arch === 'aarch64'
    await writeFile(path, arm ? microGuestArm64(text, TURNS) : microGuest(text, { turns: TURNS }))
    return await runGuest(guest, arm ? { kernel: path } : { disk: path, readOnly: true })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function runGuest(guest: GuestToProve, boot: Boot): Promise<string | undefined> {
  const { accelerator, arch, qemu, timeoutMs, kvmDevice, signal } = guest
  const subject = accelerator === 'kvm' ? `${kvmDevice} is there` : `${NAMES[accelerator]} may be there`
  const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04']
  const command = qemuCommand({
    program: qemu,
    arch,
    accelerator,
    memoryMb: 16,
    cpus: 1,
    boot,
    network: 'none',
    noReboot: true,
    extra: arch === 'x86_64' ? exit : [],
  })
  try {
    signal?.throwIfAborted()
    await using machine = await startMachine(command, { signals: signal ? 'caller' : 'end' })
    const stop = () => void machine.kill()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await machine.waitForLine(new RegExp(MARKER), timeoutMs)
    } finally {
      signal?.removeEventListener('abort', stop)
      // A vCPU that hangs in the kernel keeps QEMU from ending in any gentler way.
      await machine.kill()
    }
    return undefined
  } catch (error) {
    // A guest that somebody ended has proven nothing.
    signal?.throwIfAborted()
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
