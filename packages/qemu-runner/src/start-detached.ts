import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { QemuCommand } from './command.ts'
import { exitedError, spawnError } from './machine-error.ts'
import { checkSocketFree, connectQmp, type Qmp } from './qmp.ts'
import { within } from './time-limit.ts'

const START_TIMEOUT_MS = 15_000
const EXIT_MS = 2_000

/** A machine without an owner. */
export interface DetachedMachine {
  /** Process number of QEMU. */
  readonly pid: number
}

export interface DetachedOptions {
  /** Gets what QEMU itself says, now and later. */
  readonly log: string
  /** Called with the control connection before this returns: for a `paused` command, whose guest it lets go. */
  readonly beforeStart?: (qmp: Qmp) => Promise<void>
  /** Ends the start, and QEMU with it. */
  readonly signal?: AbortSignal
}

/**
 * Starts QEMU as a process that stays when this one ends. The command needs a control socket; its serial port should be a
 * socket. Returns when QEMU answers. Throws what `startMachine` throws; QEMU is gone then.
 */
export async function startDetached(
  command: QemuCommand,
  options: DetachedOptions,
): Promise<DetachedMachine> {
  const { controlSocket } = command
  if (controlSocket === undefined) throw new Error('a detached machine needs a control socket')
  await checkSocketFree(controlSocket)
  mkdirSync(dirname(options.log), { recursive: true })
  const log = openSync(options.log, 'w', 0o600)
  const child = spawn(command.program, [...command.args], { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const ended = new AbortController()
  const stop = () => ended.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', stop, { once: true })
  const exited = new Promise<never>((_, reject) => {
    child.once('error', (cause) => reject(spawnError(command, cause)))
    child.once('exit', (code, signal) => {
      const said = readFileSync(options.log, 'utf8')
      reject(exitedError(command.program, { code, signal }, said, []))
    })
  })
  exited.catch(() => ended.abort())
  try {
    const qmp = await Promise.race([
      connectQmp(controlSocket, { timeoutMs: START_TIMEOUT_MS, signal: ended.signal }),
      exited,
    ])
    try {
      await options.beforeStart?.(qmp)
    } finally {
      qmp.close()
    }
    if (child.pid === undefined) throw new Error('a process without a number')
    return { pid: child.pid }
  } catch (error) {
    // The connection fails a moment before the process is known to be gone: its own words are the better ones.
    const words = await within(
      exited.catch((reason: unknown) => ({ reason })),
      options.signal?.aborted ? 0 : EXIT_MS,
    )
    child.kill('SIGKILL')
    options.signal?.throwIfAborted()
    throw words ? words.reason : error
  } finally {
    options.signal?.removeEventListener('abort', stop)
    child.removeAllListeners()
    child.unref()
  }
}
