import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { capture, connectSsh, interactiveShell, type Machine, runCommand } from '@ros/qemu-runner'
import type { CommandResult } from '../command.ts'
import { CliError } from '../error.ts'
import { codeOf } from '../exit-code.ts'
import type { Output } from '../output.ts'
import type { MachineFiles, Project } from '../project.ts'

export type Client = Awaited<ReturnType<typeof connectSsh>>

export interface SessionOptions {
  readonly port: number
  readonly privateKey: string
  readonly knownHosts: string
  readonly timeoutMs: number
  readonly machine?: Machine
  readonly signal: AbortSignal
}

/** Logs in as `rancher`. */
export async function openSession(options: SessionOptions): Promise<Client> {
  return connectSsh({
    port: options.port,
    username: 'rancher',
    privateKey: options.privateKey,
    hostKey: { knownHostsFile: options.knownHosts },
    timeoutMs: options.timeoutMs,
    ...(options.machine && { until: options.machine }),
    signal: options.signal,
  })
}

/** The private key: of the file that is named, else the project's own. */
export async function readKey(project: Project, path: string | undefined): Promise<string> {
  const file = path ?? join(project.keys, 'id_ed25519')
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    if (path !== undefined)
      throw new CliError('ROS_CLI_FILE', 'cannot read the key', { subject: path, cause })
    throw new CliError('ROS_CLI_NOT_RUNNING', 'this project has no key yet', {
      subject: project.keys,
      cause,
      hint: 'start a machine with `rancheros-kit run` in this folder',
    })
  })
}

/** Does work in a session of the machine that listens on `port`. */
export async function inSession<T>(
  project: Project,
  files: MachineFiles,
  {
    port,
    timeout,
    key,
    signal,
  }: { port: number; timeout: number; key?: string | undefined; signal: AbortSignal },
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const privateKey = await readKey(project, key)
  const client = await openSession({
    port,
    privateKey,
    knownHosts: files.knownHosts,
    timeoutMs: timeout * 1000,
    signal,
  })
  // A command that never ends must not keep a user who wants to go.
  const leave = () => client.destroy()
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await work(client)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', leave)
    client.end()
  }
}

export interface RemoteOptions {
  /** The words as a shell joins them; none opens a shell. */
  readonly command: readonly string[]
  /** A remote terminal: by default for a shell on a terminal, as ssh(1). */
  readonly tty: boolean | undefined
}

/**
 * Runs the words, or opens a shell, with this process's standard streams. With `--json` what the command prints is in the
 * result.
 */
export async function remoteSession(
  client: Client,
  { command, tty }: RemoteOptions,
  output: Output,
): Promise<CommandResult> {
  const words = command.join(' ')
  if (output.json) {
    if (command.length === 0) {
      throw new CliError('ROS_CLI_USAGE', '--json needs a command', {
        subject: 'session',
        hint: 'name it after --',
      })
    }
    const { code, stdout, stderr } = await capture(client, words)
    return { data: { exitCode: code, stdout, stderr }, exitCode: code }
  }
  const withTerminal = tty ?? (command.length === 0 && process.stdin.isTTY)
  if (withTerminal) {
    const term = process.env['TERM']
    const shell = { ...(command.length > 0 && { command: words }), ...(term !== undefined && { term }) }
    return { exitCode: await interactiveShell(client, shell) }
  }
  const { stdin, stdout, stderr } = process
  const line = command.length === 0 ? 'exec "$SHELL" -l' : words
  return { exitCode: (await runCommand(client, line, { stdin, stdout, stderr })).code }
}

/** Orderly power-off from inside, bounded: containers stop, disks are synced, the machine ends by itself. */
export async function powerOff(client: Client, machine: Machine): Promise<void> {
  // The session may have powered the machine off itself: then there is nobody left to ask.
  const asked = capture(client, 'sudo poweroff').catch((error: unknown) => {
    if (codeOf(error) !== 'ROS_SSH_CLOSED') throw error
  })
  const limit = new Promise((resolve) => setTimeout(resolve, 90_000).unref())
  await Promise.race([Promise.all([asked, machine.exited]), limit])
}
