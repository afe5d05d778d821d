import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BuildResult } from '@ros/distro'
import { capture, type Machine, qemuCommand, startMachine } from '@ros/qemu-runner'
import yargs from 'yargs'
import type { CommandContext } from '../command.ts'
import { CliError } from '../error.ts'
import { openProject } from '../project.ts'
import { makeReady, prepare } from './prepare.ts'
import { readRunArguments } from './run-arguments.ts'
import { runOptions } from './run-options.ts'
import { judgeServices, LIST_SERVICES, type ServiceVerdict } from './service-verdict.ts'
import { type Client, openSession, powerOff } from './sessions.ts'

/** What `build --verify` found; the form of verify.json. */
export interface BootReport {
  readonly format: 1
  readonly ok: boolean
  /** What was not as it should be, for people. */
  readonly problems: readonly string[]
  /** Name and SHA-256 of the artifacts, as SHA256SUMS has them. */
  readonly artifacts: Readonly<Record<string, string>>
  readonly boot: string
  readonly verifiedAt: string
  readonly machine: {
    readonly qemu: string
    readonly accelerator: string
    readonly memoryMb: number
    readonly cpus: number
  }
  /** Seconds from the start of QEMU until ssh answered, and until every service was there. */
  readonly sshSeconds?: number
  readonly readySeconds?: number
  readonly version?: string
  readonly kernel?: string
  readonly services: readonly ServiceVerdict[]
  /** Only of a boot that failed. */
  readonly console?: readonly string[]
}

const POLL_MS = 2_000
const CONSOLE_LINES = 40

/** What was built, as far as a machine for it has to know. */
export type Built = Pick<BuildResult, 'arch' | 'firmware'>

/** Options of `run` for the machine that proves an ISO: of its architecture, by the simplest firmware that starts it. */
export function verifyWords(out: string, { arch, firmware }: Built): string[] {
  const machine = ['--arch', arch, ...(firmware === 'uefi' ? ['--uefi'] : [])]
  return ['--out', resolve(out), '--iso', '--name', 'verify', ...machine]
}

/**
 * Boots the ISO in a folder that is gone afterwards, waits for ssh and for every service, and powers off in order. Throws `ROS_CLI_NOT_BUILT` where
 * there is no ISO.
 */
export async function verifyBoot(
  out: string,
  built: Built,
  timeoutMs: number,
  context: CommandContext,
): Promise<BootReport> {
  if (built.firmware === undefined) {
    throw new CliError('ROS_CLI_NOT_BUILT', 'there is no ISO to verify', {
      subject: out,
      hint: 'a recipe with a kernel, and with `loader` or `uefi`, makes one',
    })
  }
  const folder = await mkdtemp(join(tmpdir(), 'rancheros-kit-verify-'))
  try {
    const raw = runOptions(yargs()).exitProcess(false).parseSync(verifyWords(out, built))
    const args = readRunArguments(raw, [], { platform: process.platform, qemuArgs: undefined })
    const inside: CommandContext = { ...context, project: openProject(folder) }
    const files = inside.project.machine(args.name)
    const prepared = await prepare(args, files, inside)
    await makeReady(args, files, prepared)
    context.signal.throwIfAborted()
    const { now } = context.output.terminal
    const started = now()
    const seconds = () => Math.round((now() - started) / 100) / 10
    await using machine = await startMachine(
      qemuCommand({ ...prepared.plan, qmpSocket: files.sockets.qmp }),
      { consoleLog: files.consoleLog },
    )
    const stop = () => void machine.quit()
    context.signal.addEventListener('abort', stop, { once: true })
    const facts = {
      format: 1 as const,
      artifacts: await checksums(out),
      boot: `rancheros.iso as a CD, by ${built.firmware === 'uefi' ? 'UEFI' : 'BIOS'}`,
      verifiedAt: new Date().toISOString(),
      machine: {
        qemu: `${prepared.findings.version.major}.${prepared.findings.version.minor}`,
        accelerator: prepared.findings.accelerator,
        memoryMb: args.memoryMb,
        cpus: args.cpus,
      },
    }
    try {
      const port = prepared.findings.port ?? 0
      const client = await openSession({
        port,
        privateKey: prepared.privateKey,
        knownHosts: files.knownHosts,
        timeoutMs,
        machine,
        signal: context.signal,
      })
      const sshSeconds = seconds()
      context.output.note(`ssh answered after ${sshSeconds} s; waiting for services`)
      try {
        const found = await watchServices(client, machine, timeoutMs, context.signal)
        const readySeconds = seconds()
        const off = await powerOffInTime(client, machine)
        const problems = [...found.problems, ...(off ? [] : ['the machine did not power off in 90 s'])]
        return { ...facts, ...found, ok: problems.length === 0, problems, sshSeconds, readySeconds }
      } finally {
        client.end()
      }
    } catch (error) {
      context.signal.throwIfAborted()
      const problems = [(error as Error).message.split('\n')[0] ?? 'no answer']
      return { ...facts, ok: false, problems, services: [], console: machine.lastLines(CONSOLE_LINES) }
    } finally {
      context.signal.removeEventListener('abort', stop)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function watchServices(client: Client, machine: Machine, timeoutMs: number, signal: AbortSignal) {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    const { stdout } = await capture(client, LIST_SERVICES)
    const found = judgeServices(stdout)
    if (found.problems.length === 0) return found
    if (performance.now() > deadline) return { ...found, console: machine.lastLines(CONSOLE_LINES) }
    await sleep(POLL_MS)
  }
}

async function powerOffInTime(client: Client, machine: Machine): Promise<boolean> {
  await powerOff(client, machine)
  return Promise.race([machine.exited.then(() => true), sleep(0).then(() => false)])
}

async function checksums(out: string): Promise<Record<string, string>> {
  const text = await readFile(join(out, 'SHA256SUMS'), 'utf8')
  return Object.fromEntries(
    [...text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(([, sum = '', name = '']) => [name, sum]),
  )
}

/** The report for people. */
export function reportText(report: BootReport): string {
  const { ok, problems, boot, machine, services, sshSeconds, readySeconds, version, kernel } = report
  const lines = [
    `${ok ? 'passed' : 'FAILED'}: ${boot}, QEMU ${machine.qemu}, ${machine.accelerator}, ${machine.memoryMb} MB, ${machine.cpus} processors`,
    ...(version === undefined ? [] : [`${version}, Linux ${kernel}`]),
    ...(sshSeconds === undefined ? [] : [`ssh after ${sshSeconds} s, every service after ${readySeconds} s`]),
    ...problems.map((problem) => `problem: ${problem}`),
    '',
    ...services.map(
      ({ name, ok: fine, status }) => `${fine ? 'ok    ' : 'FAILED'}  ${name.padEnd(24)} ${status}`,
    ),
    ...(report.console
      ? ['', 'the last lines of the console:', ...report.console.map((line) => `  ${line}`)]
      : []),
    '',
    ...Object.entries(report.artifacts).map(([name, sum]) => `${sum}  ${name}`),
  ]
  return `${lines.join('\n')}\n`
}
