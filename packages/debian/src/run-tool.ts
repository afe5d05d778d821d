import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { DebianError } from './error.ts'

export interface RunOptions {
  readonly cwd?: string
  readonly signal?: AbortSignal
  /** The process is ended when `onOutput` sees no sign of life for so long. */
  readonly stallMs: number
}

export interface RunResult {
  /** 0 when all went well; a killed process counts as 1. */
  readonly code: number
  readonly stderr: string
  /** Ended by us because there was no sign of life for `stallMs`. */
  readonly stalled: boolean
}

/**
 * Runs one of apt's programs and hands its output on as it comes; `alive` is called for what counts as a sign of life.
 * Messages are in English whatever the locale; all else of the environment (proxies, APT_CONFIG) is the host's. Throws
 * `ROS_DEBIAN_APT` when there is no such program.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: RunOptions,
  onOutput: (chunk: Uint8Array, alive: () => void) => void,
): Promise<RunResult> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', LANGUAGE: '' },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.signal && { signal: options.signal }),
  })
  const closed = once(child, 'close')
  // Awaited below; a failure to start must not count as unhandled while output is still being read.
  closed.catch(() => {})
  const watch = watchStall(child, options.stallMs)
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  try {
    for await (const chunk of child.stdout) onOutput(chunk as Uint8Array, watch.alive)
    const [code] = (await closed) as [number | null]
    return { code: code ?? 1, stderr: errors.join(''), stalled: watch.stalled() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noApt(command, error)
    throw error
  } finally {
    watch.stop()
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }
}

function watchStall(child: ChildProcess, stallMs: number) {
  let stalled = false
  const timer = setTimeout(() => {
    stalled = true
    child.kill('SIGKILL')
  }, stallMs)
  return {
    alive: () => {
      timer.refresh()
    },
    stalled: () => stalled,
    stop: () => clearTimeout(timer),
  }
}

function noApt(command: string, cause: unknown): DebianError {
  return new DebianError('ROS_DEBIAN_APT', 'apt is not installed on this machine', {
    subject: command,
    hint: 'packages are fetched through the apt of a Debian or Ubuntu host: build there, or in a container of one',
    cause,
  })
}
