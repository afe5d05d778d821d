import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { QemuCommand } from './command.ts'
import { ConsoleLines } from './console-lines.ts'
import { Machine, type MachineExit } from './machine.ts'
import { spawnError } from './machine-error.ts'
import { watchOwner } from './owner-watch.ts'
import { checkSocketFree, connectQmp } from './qmp.ts'
import { forwardInput } from './terminal.ts'
import { within } from './time-limit.ts'

const QMP_TIMEOUT_MS = 15_000
/** Output may still be on its way when the process is gone. */
const DRAIN_MS = 1_000
const STDERR_CHARACTERS = 65_536
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What becomes of console, signals and errors of a machine. */
export interface MachineOptions {
  /** File that gets every byte of the serial console; replaced at the start. */
  readonly consoleLog?: string
  /** Called with console text as it comes, control sequences included. */
  readonly onConsole?: (text: string) => void
  /** Called once when the log cannot be written any more (disk full); the machine goes on without it. */
  readonly onWarning?: (message: string) => void
  /**
   * What is typed into the console: nothing (default); what `Machine.write` gets; or this process's own standard
   * input, a terminal being in raw mode meanwhile, where Ctrl-C becomes SIGINT to this process.
   */
  readonly stdin?: 'ignore' | 'pipe' | 'inherit'
  /**
   * Who reacts to SIGINT, SIGTERM and SIGHUP of this process while the machine runs. `end` (default): the machine is
   * ended, then this process ends by the same signal unless others listen for it. `caller`: nothing is installed, and
   * the caller must end the machine. QEMU runs in a session of its own, so Ctrl-C does not reach it by itself.
   */
  readonly signals?: 'end' | 'caller'
}

/**
 * Starts QEMU and gives the machine once its control socket answers (as soon as the process runs, without one). Throws
 * `ROS_QEMU_NOT_FOUND` when the program is missing, `ROS_QEMU_EXITED` with QEMU's own message when it refuses to run,
 * `ROS_QEMU_SOCKET_IN_USE` when a machine runs with this control socket.
 * QEMU does not outlive this process, however that ends.
 */
export async function startMachine(command: QemuCommand, options: MachineOptions = {}): Promise<Machine> {
  if (command.qmpSocket !== undefined) await checkSocketFree(command.qmpSocket)
  const log = options.consoleLog === undefined ? undefined : openLog(options.consoleLog, options.onWarning)
  const watch = watchOwner()
  const child = spawn(command.program, [...command.args], {
    stdio: [options.stdin === undefined || options.stdin === 'ignore' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  })
  if (child.pid !== undefined) watch.cover(child.pid)
  const console = new ConsoleLines()
  let stderr = ''
  child.stdout?.on('data', (bytes: Uint8Array) => {
    log?.write(bytes)
    const text = console.push(bytes)
    options.onConsole?.(text)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS)
  })
  child.stdin?.on('error', () => undefined) // EPIPE when QEMU ends while something is typed

  const releases: (() => void)[] = [() => watch.callOff()]
  if (log !== undefined) releases.push(() => log.close())
  const machine: Machine = new Machine({
    command,
    child,
    console,
    exited: watchExit(child),
    control: async (ended) => {
      await spawned(child).catch((cause: unknown) => {
        throw spawnError(command, cause as Error)
      })
      if (command.qmpSocket === undefined) return undefined
      return await connectQmp(command.qmpSocket, { timeoutMs: QMP_TIMEOUT_MS, signal: ended })
    },
    stderr: () => stderr,
    release: () => {
      for (const release of releases) release()
    },
  })
  releases.push(killAtExit(child))
  if (options.signals !== 'caller') releases.push(endOnSignals(machine))
  if (options.stdin === 'inherit' && child.stdin) releases.push(forwardInput(process.stdin, child.stdin))
  await machine.started
  return machine
}

function openLog(path: string, onWarning?: (message: string) => void) {
  mkdirSync(dirname(path), { recursive: true })
  const descriptor = openSync(path, 'w')
  let whole = true
  return {
    write(bytes: Uint8Array) {
      if (!whole) return
      try {
        writeFileSync(descriptor, bytes)
      } catch (cause) {
        whole = false
        onWarning?.(`console log ${path} ends here: ${(cause as Error).message}`)
      }
    },
    close() {
      // Output that comes late must not be written to whatever file gets this descriptor next.
      whole = false
      closeSync(descriptor)
    },
  }
}

async function spawned(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
}

async function watchExit(child: ChildProcess): Promise<MachineExit> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  const exit = await new Promise<MachineExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => {
      // 'error' also reports a signal that could not be sent: then the process is still there.
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
  await within(closed, DRAIN_MS)
  return exit
}

function killAtExit(child: ChildProcess): () => void {
  const kill = () => void child.kill('SIGKILL')
  process.on('exit', kill)
  return () => process.off('exit', kill)
}

function endOnSignals(machine: Machine): () => void {
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      const raise = () => {
        process.off(signal, listener)
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
      }
      machine.quit().then(raise, raise)
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener)
  }
}
