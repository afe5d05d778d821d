import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import {
  capture,
  checkPortFree,
  ensureKeyPair,
  formatCommand,
  type Machine,
  probeAccelerator,
  type QemuOptions,
  qemuCommand,
  startMachine,
} from '@ros/qemu-runner'
import { artifactsOption } from '../artifacts-option.ts'
import { readCloudConfig, userData, writeCloudConfigIso } from '../cloud-config.ts'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { codeOf } from '../exit-code.ts'
import { wholeNumber } from '../number-option.ts'
import type { Output } from '../output.ts'
import type { Project } from '../project.ts'
import { openSession, remoteSession } from './ssh.ts'

export interface RunArguments {
  readonly artifacts: string
  readonly ssh: boolean
  /** The remote command; empty opens a shell. */
  readonly command: readonly string[]
  readonly iso: boolean
  readonly fresh: boolean
  readonly append: readonly string[]
  readonly cloudConfig: string | undefined
  readonly memory: number
  readonly cpus: number
  readonly port: number
  readonly dryRun: boolean
  /** Seconds that the guest may take until ssh answers. */
  readonly timeout: number
}

const STATE_DISK_BYTES = 10 * 1024 ** 3
/** As upstream's `run`: the blank state disk may be formatted, because this command has just made it. */
const KERNEL_ARGUMENTS = [
  'console=ttyS0',
  'quiet',
  'panic=10',
  'rancher.state.formatzero=true',
  'rancher.state.autoformat=[/dev/sda,/dev/vda]',
]

/** `rancheros-kit run`: boots what was built. Gives the process's exit code. */
export async function runCommand(
  args: RunArguments,
  project: Project,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const boot = bootFrom(args)
  if (!args.dryRun) await checkPortFree(args.port)
  const config = args.cloudConfig === undefined ? undefined : await readCloudConfig(resolve(args.cloudConfig))
  await mkdir(project.directory, { recursive: true, mode: 0o700 })
  const keys = await ensureKeyPair(project.keys, 'rancheros-kit')
  const text = userData(config, keys.publicKey)
  const { accelerator, reason } = await probeAccelerator({
    cacheFile: join(project.directory, 'accelerator.json'),
  })
  output.note(`accelerator: ${accelerator} (${reason})`)

  const options: QemuOptions = {
    accelerator,
    memoryMb: args.memory,
    cpus: args.cpus,
    boot,
    disks: [{ path: project.stateDisk, format: 'qcow2' }],
    cdroms: [project.cloudConfigIso],
    network: { forwards: [{ hostPort: args.port, guestPort: 22 }], hostname: 'rancher' },
    qmpSocket: project.qmpSocket,
  }
  const command = qemuCommand(options)
  if (args.dryRun) {
    process.stdout.write(`${formatCommand(command)}\n`)
    return 0
  }
  if (args.fresh) await forget(project)
  if (!existsSync(project.stateDisk))
    await replaceFile(project.stateDisk, writeEmptyQcow2({ size: STATE_DISK_BYTES }))
  await writeCloudConfigIso(project.cloudConfigIso, text)

  const interactive = !args.ssh
  signal.throwIfAborted()
  const machine = await startMachine(command, {
    consoleLog: project.consoleLog,
    stdin: interactive ? 'inherit' : 'ignore',
    ...(interactive && { onConsole: (chunk: string) => void process.stdout.write(chunk) }),
  })
  const stop = () => void machine.quit()
  signal.addEventListener('abort', stop)
  try {
    await writeFile(project.machineFile, `${JSON.stringify({ port: args.port, pid: process.pid })}\n`)
    if (interactive) return await untilPoweredOff(machine, signal)
    return await inSession(args, project, machine, keys.privateKey, output, signal)
  } finally {
    signal.removeEventListener('abort', stop)
    await machine.quit()
    await rm(project.machineFile, { force: true })
  }
}

async function untilPoweredOff(machine: Machine, signal: AbortSignal): Promise<number> {
  const { code } = await machine.exited
  signal.throwIfAborted()
  return code ?? 1
}

/** Logs in, runs the command (or a shell), powers the guest off, and gives the command's exit code. */
async function inSession(
  args: RunArguments,
  project: Project,
  machine: Machine,
  privateKey: string,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const { now } = output.terminal
  const started = now()
  output.note(`booting; console in ${project.consoleLog}`)
  const client = await openSession({
    port: args.port,
    privateKey,
    knownHosts: project.knownHosts,
    timeoutMs: args.timeout * 1000,
    machine,
    signal,
  })
  output.note(`ssh answered after ${((now() - started) / 1000).toFixed(1)} s`)
  try {
    const code = await remoteSession(client, args.command)
    signal.throwIfAborted()
    output.note('powering off')
    await powerOff(client, machine)
    return code
  } finally {
    client.end()
  }
}

/** Orderly power-off from inside, bounded: containers stop, disks are synced, the machine ends by itself. */
async function powerOff(client: Awaited<ReturnType<typeof openSession>>, machine: Machine): Promise<void> {
  // The session may have powered the machine off itself: then there is nobody left to ask.
  const asked = capture(client, 'sudo poweroff').catch((error: unknown) => {
    if (codeOf(error) !== 'ROS_SSH_CLOSED') throw error
  })
  const limit = new Promise((resolve) => setTimeout(resolve, 90_000).unref())
  await Promise.race([Promise.all([asked, machine.exited]), limit])
}

function bootFrom(args: RunArguments): QemuOptions['boot'] {
  const artifact = (name: string) => {
    const path = resolve(args.artifacts, name)
    if (existsSync(path)) return path
    throw new CliError('ROS_CLI_NOT_BUILT', 'not there', {
      subject: path,
      hint: 'run `rancheros-kit build` first',
    })
  }
  if (args.iso) return { cdrom: artifact('rancheros.iso') }
  const append = [...KERNEL_ARGUMENTS, ...args.append].join(' ')
  return { kernel: artifact('vmlinuz'), initrd: artifact('initrd'), append }
}

/** `--fresh`: the state disk goes, and with it the host key that was known for it. */
async function forget(project: Project): Promise<void> {
  await rm(project.stateDisk, { force: true })
  await rm(project.knownHosts, { force: true })
}

export const run = command({
  usage: 'run',
  describe: 'boot what was built',
  examples: [['$0 run --ssh -- ros -v', 'run one command and power off']],
  rest: 'the command that --ssh runs',
  options: (y) =>
    artifactsOption(y)
      .option('ssh', {
        type: 'boolean',
        default: false,
        describe: 'log in; power off when the session ends',
      })
      .option('iso', { type: 'boolean', default: false, describe: 'boot rancheros.iso as a CD' })
      .option('fresh', { type: 'boolean', default: false, describe: 'begin with an empty state disk' })
      .option('append', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'more kernel arguments',
        nargs: 1,
      })
      .option('cloud-config', { type: 'string', describe: 'cloud-config file', requiresArg: true })
      .option('memory', {
        type: 'number',
        default: 2048,
        describe: 'megabytes',
        coerce: wholeNumber('memory', 512, 1e6),
      })
      .option('cpus', {
        type: 'number',
        default: 2,
        describe: 'processors',
        coerce: wholeNumber('cpus', 1, 256),
      })
      .option('port', {
        type: 'number',
        default: 2222,
        describe: 'port of ssh on 127.0.0.1',
        coerce: wholeNumber('port', 1, 65_535),
      })
      .option('timeout', {
        type: 'number',
        default: 300,
        describe: 'seconds to wait for ssh',
        coerce: wholeNumber('timeout', 1, 86_400),
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'print the QEMU command and do nothing',
      }),
  run: async ({ out, cloudConfig, ...options }, { rest, project, output, signal }) => {
    if (rest.length > 0 && !options.ssh) {
      throw new CliError('ROS_CLI_USAGE', 'a command after -- needs --ssh', { subject: 'run' })
    }
    const args = { ...options, artifacts: out, command: rest, cloudConfig }
    return { exitCode: await runCommand(args, project, output, signal) }
  },
})
