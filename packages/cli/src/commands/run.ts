import { resolve } from 'node:path'
import { build, type ProgressSink } from '@ros/distro'
import { formatCommand, type Machine, qemuCommand, startDetached, startMachine } from '@ros/qemu-runner'
import { type CommandContext, type CommandResult, command } from '../command.ts'
import { CliError } from '../error.ts'
import { givenInputs } from '../inputs-option.ts'
import { endMachine } from '../machine/end-machine.ts'
import { growDisk } from '../machine/grow-disk.ts'
import { lockMachine } from '../machine/lock.ts'
import { bootName } from '../machine/plan.ts'
import { rememberPort } from '../machine/ports.ts'
import { makeReady, type Prepared, prepare } from '../machine/prepare.ts'
import { identifyProcess } from '../machine/process-identity.ts'
import { type MachineRecord, removeRecord, writeRecord } from '../machine/record.ts'
import { type RunArguments, readRunArguments } from '../machine/run-arguments.ts'
import { runOptions } from '../machine/run-options.ts'
import { openSession, powerOff, remoteSession, type SessionOptions } from '../machine/sessions.ts'
import type { Output } from '../output.ts'
import type { MachineFiles } from '../project.ts'
import { type TimelineWriter, timelineWriter } from './timeline.ts'

export const run = command({
  usage: 'run',
  describe: 'boot what was built',
  examples: [
    ['$0 run', "the machine's console on this terminal; Ctrl-C ends it"],
    ['$0 run --ssh -- ros -v', 'run one command and power off'],
    [
      '$0 run --detach --name web --port 8080:80',
      'leave a machine running; see ps, ssh, cp, console, logs, stop',
    ],
    ['$0 run --iso --uefi --fresh', 'the ISO as a CD, by UEFI, with an empty disk'],
    ['$0 run -- -device usb-tablet', 'with more arguments for QEMU'],
  ],
  rest: 'with --ssh the command that it runs, else arguments for QEMU',
  options: runOptions,
  run: async (raw, context) => {
    const { environment, output, project, rest } = context
    const args = readRunArguments(raw, rest, {
      platform: process.platform,
      qemuArgs: environment['QEMU_ARGS'],
    })
    if (output.json && !args.dryRun && !args.detach && args.command.length === 0) {
      throw new CliError('ROS_CLI_USAGE', '--json has nothing to print of a console or a shell', {
        subject: 'run',
        hint: 'use it with --detach, --dry-run or --ssh -- COMMAND',
      })
    }
    if (args.rebuild && !args.dryRun) {
      const options = {
        ...givenInputs(raw, environment),
        out: resolve(args.artifacts),
        signal: context.signal,
      }
      await output.withProgress((onProgress: ProgressSink) => build({ ...options, onProgress }))
    }
    const files = project.machine(args.name)
    if (args.dryRun) return dryRun(await prepare(args, files, context), files)
    const release = await lockMachine(files)
    try {
      const prepared = await prepare(args, files, context)
      await makeReady(args, files, prepared)
      context.signal.throwIfAborted()
      return await (args.detach ? detached : attended)(args, files, prepared, context)
    } finally {
      await release()
    }
  },
})

function dryRun({ plan }: Prepared, files: MachineFiles): CommandResult {
  const words = qemuCommand({ ...plan, qmpSocket: files.sockets.qmp, controlSocket: files.sockets.control })
  return { data: { program: words.program, args: words.args }, text: `${formatCommand(words)}\n` }
}

/** The machine lives as long as this process: its console is on the terminal, or a session over ssh. */
async function attended(
  args: RunArguments,
  files: MachineFiles,
  prepared: Prepared,
  context: CommandContext,
): Promise<CommandResult> {
  const { output, signal } = context
  const { qmp, control } = files.sockets
  const { resize } = args
  const command = qemuCommand({
    ...prepared.plan,
    qmpSocket: qmp,
    controlSocket: control,
    paused: resize !== undefined,
  })
  output.detail(formatCommand(command))
  let shown = !args.ssh || args.showConsole
  const sink = args.ssh ? output.terminal.stderr : output.stdout
  const machine = await startMachine(command, {
    consoleLog: files.consoleLog,
    stdin: args.ssh ? 'ignore' : 'inherit',
    onConsole: (chunk) => {
      if (shown) sink.write(chunk)
    },
    onWarning: (message) => output.warn(message),
  })
  const stop = () => void machine.quit()
  signal.addEventListener('abort', stop)
  try {
    const record = await describe(args, prepared, machine.pid ?? 0, args.ssh ? 'log' : 'terminal', files)
    await writeRecord(files, record)
    if (record.port !== null) await rememberPort(files, record.port)
    if (resize !== undefined && machine.qmp) await growDisk(machine.qmp, resize)
    announce(record, output.note.bind(output))
    const session = {
      port: record.port ?? 0,
      privateKey: prepared.privateKey,
      knownHosts: files.knownHosts,
      timeoutMs: args.timeoutMs,
      machine,
      signal,
    }
    const draw = timelineWriter(args.timeline, record, output, signal)
    if (args.ssh) {
      const onAnswer = () => {
        shown = false
      }
      return await inSession(args, files, { session, draw, onAnswer }, output)
    }
    void draw?.(() => openSession(session))
    return await untilPoweredOff(machine, signal)
  } finally {
    signal.removeEventListener('abort', stop)
    await machine.quit()
    await removeRecord(files)
  }
}

async function untilPoweredOff(machine: Machine, signal: AbortSignal): Promise<CommandResult> {
  const { code } = await machine.exited
  signal.throwIfAborted()
  return { exitCode: code ?? 1 }
}

interface Session {
  readonly session: SessionOptions & { readonly machine: Machine }
  readonly draw: TimelineWriter | undefined
  readonly onAnswer: () => void
}

/** Logs in, runs the command (or a shell), powers the guest off, and gives the command's exit code. */
async function inSession(
  args: RunArguments,
  files: MachineFiles,
  { session, draw, onAnswer }: Session,
  output: Output,
): Promise<CommandResult> {
  const { now } = output.terminal
  const started = now()
  output.note(`booting; console in ${files.consoleLog}`)
  const client = await openSession(session)
  onAnswer()
  output.note(`ssh answered after ${((now() - started) / 1000).toFixed(1)} s`)
  try {
    const drawn = draw?.(() => Promise.resolve(client))
    const result = await remoteSession(client, { command: args.command, tty: undefined }, output)
    session.signal.throwIfAborted()
    await drawn
    output.note('powering off')
    await powerOff(client, session.machine)
    return result
  } finally {
    client.end()
  }
}

/** The machine stays. With --ssh ssh has answered, and the command has run. */
async function detached(
  args: RunArguments,
  files: MachineFiles,
  prepared: Prepared,
  context: CommandContext,
): Promise<CommandResult> {
  const { output, signal } = context
  const { resize } = args
  const command = qemuCommand({
    ...prepared.plan,
    controlSocket: files.sockets.control,
    serial: { socket: files.sockets.console, log: files.consoleLog },
    paused: resize !== undefined,
  })
  output.detail(formatCommand(command))
  const { pid } = await startDetached(command, {
    log: files.qemuLog,
    signal,
    ...(resize !== undefined && { beforeStart: (qmp) => growDisk(qmp, resize) }),
  })
  const record = await describe(args, prepared, pid, 'socket', files)
  await writeRecord(files, record)
  if (record.port !== null) await rememberPort(files, record.port)
  announce(record, output.note.bind(output))
  const text = `${record.name} runs: process ${pid}${record.port === null ? '' : `, ssh on port ${record.port}`}\n`
  if (!args.ssh && args.timeline === undefined) return { data: record, text }
  try {
    return (await detachedSession(args, files, record, prepared, context)) ?? { data: record, text }
  } catch (error) {
    // Who interrupts does not want what was being started.
    if (signal.aborted) await endMachine(files, record, { force: true, timeoutMs: 0 })
    throw error
  }
}

/** Waits for ssh, and runs the command if there is one. */
async function detachedSession(
  args: RunArguments,
  files: MachineFiles,
  record: MachineRecord,
  { privateKey }: Prepared,
  { output, signal }: CommandContext,
): Promise<CommandResult | undefined> {
  const { now } = output.terminal
  const started = now()
  const client = await openSession({
    port: record.port ?? 0,
    privateKey,
    knownHosts: files.knownHosts,
    timeoutMs: args.timeoutMs,
    signal,
  })
  output.note(`ssh answered after ${((now() - started) / 1000).toFixed(1)} s`)
  try {
    await timelineWriter(args.timeline, record, output, signal)?.(() => Promise.resolve(client))
    if (args.command.length === 0) return undefined
    return await remoteSession(client, { command: args.command, tty: undefined }, output)
  } finally {
    client.end()
  }
}

async function describe(
  args: RunArguments,
  { findings, plan }: Prepared,
  pid: number,
  console: MachineRecord['console'],
  files: MachineFiles,
): Promise<MachineRecord> {
  const { display } = plan
  return {
    format: 1,
    name: args.name,
    process: (await identifyProcess(pid)) ?? { pid, started: '' },
    port: findings.port ?? null,
    forwards: args.ports.forwards,
    memoryMb: args.memoryMb,
    cpus: args.cpus,
    accelerator: findings.accelerator,
    boot: bootName(args),
    startedAt: new Date().toISOString(),
    console,
    ...(typeof display === 'object' &&
      'vnc' in display && {
        vnc: 'socket' in display.vnc ? files.sockets.vnc : `127.0.0.1:${5900 + display.vnc.display}`,
      }),
  }
}

/** What the user could not know: ports that were chosen, where the screen is. */
function announce({ port, vnc }: MachineRecord, note: (line: string) => void): void {
  if (port !== null && port !== 2222) note(`ssh on port ${port}`)
  if (vnc !== undefined) note(`screen by VNC on ${vnc}`)
}
