import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectSsh, interactiveShell, type Machine, runCommand } from '@ros/qemu-runner'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { wholeNumber } from '../number-option.ts'
import type { Project } from '../project.ts'

type Client = Awaited<ReturnType<typeof connectSsh>>

export interface SshArguments {
  readonly command: readonly string[]
  readonly port: number | undefined
  /** Seconds to wait for an answer. */
  readonly timeout: number
}

/** `rancheros-kit ssh`: a session in this project's running machine. Gives the remote command's exit code. */
export async function sshCommand(args: SshArguments, project: Project, signal: AbortSignal): Promise<number> {
  const port = args.port ?? (await runningPort(project))
  const privateKey = await readFile(join(project.keys, 'id_ed25519'), 'utf8').catch((cause: unknown) => {
    throw new CliError('ROS_CLI_NOT_RUNNING', 'this project has no key yet', {
      subject: project.keys,
      cause,
      hint: 'start a machine with `rancheros-kit run` in this folder',
    })
  })
  const client = await openSession({
    port,
    privateKey,
    knownHosts: project.knownHosts,
    timeoutMs: args.timeout * 1000,
    signal,
  })
  try {
    return await remoteSession(client, args.command)
  } finally {
    client.end()
  }
}

export interface SessionOptions {
  readonly port: number
  readonly privateKey: string
  readonly knownHosts: string
  readonly timeoutMs: number
  readonly machine?: Machine
  readonly signal: AbortSignal
}

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

/** Runs the words as a shell would join them, or opens a shell; with this process's standard streams. */
export async function remoteSession(client: Client, command: readonly string[]): Promise<number> {
  if (command.length === 0) return interactiveShell(client)
  const { code } = await runCommand(client, command.join(' '), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  })
  return code
}

async function runningPort(project: Project): Promise<number> {
  const text = await readFile(project.machineFile, 'utf8').catch((cause: unknown) => {
    throw new CliError('ROS_CLI_NOT_RUNNING', 'no machine of this project runs', {
      subject: project.directory,
      cause,
      hint: 'start one with `rancheros-kit run`, or name its port with --port',
    })
  })
  const { port } = JSON.parse(text) as { port?: unknown }
  if (typeof port === 'number') return port
  throw new CliError('ROS_CLI_NOT_RUNNING', 'the record of the running machine is damaged', {
    subject: project.machineFile,
    hint: 'name the port with --port',
  })
}

export const ssh = command({
  usage: 'ssh',
  describe: 'log in to the machine that runs',
  examples: [['$0 ssh -- docker ps', 'run one command']],
  rest: 'the command to run; without one, a shell',
  options: (y) =>
    y
      .option('port', { type: 'number', describe: 'its port (default: as recorded by run)' })
      .option('timeout', {
        type: 'number',
        default: 60,
        describe: 'seconds to wait for an answer',
        coerce: wholeNumber('timeout', 1, 86_400),
      }),
  run: async ({ port, timeout }, { rest, project, signal }) => {
    return { exitCode: await sshCommand({ command: rest, port, timeout }, project, signal) }
  },
})
