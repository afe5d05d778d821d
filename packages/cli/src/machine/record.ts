import { readFile, rm } from 'node:fs/promises'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { isSocketServed, type PortForward } from '@ros/qemu-runner'
import { CliError } from '../error.ts'
import type { MachineFiles } from '../project.ts'
import { isSameProcess, type ProcessIdentity } from './process-identity.ts'

/** What `run` writes down of a machine while it runs; the form of `ps --json` too. */
export interface MachineRecord {
  readonly format: 1
  readonly name: string
  /** QEMU. */
  readonly process: ProcessIdentity
  /** Port of ssh on 127.0.0.1; null when the network leads nowhere. */
  readonly port: number | null
  readonly forwards: readonly PortForward[]
  readonly memoryMb: number
  readonly cpus: number
  readonly accelerator: string
  /** What it was booted from, for people. */
  readonly boot: string
  /** ISO 8601. */
  readonly startedAt: string
  /** Who has the console: the terminal of `run`, nobody (its session is over ssh), or a socket for `console`. */
  readonly console: 'terminal' | 'log' | 'socket'
  readonly vnc?: string
}

export type MachineState =
  | { readonly state: 'running'; readonly record: MachineRecord }
  /** It was started, and is gone without `run` or `stop` having seen the end. */
  | { readonly state: 'ended'; readonly record: MachineRecord }
  | { readonly state: 'off' }

export async function writeRecord(files: MachineFiles, record: MachineRecord): Promise<void> {
  const text = `${JSON.stringify(record, undefined, 2)}\n`
  await replaceFile(files.record, fromText(text).open(), { mode: 0o600 })
}

export async function removeRecord(files: MachineFiles): Promise<void> {
  await rm(files.record, { force: true })
}

/**
 * Whether a machine runs: its control socket answers, or its very process is there. A number alone proves nothing, others
 * get it later. Throws `ROS_CLI_STATE` for a record that is damaged.
 */
export async function machineState(files: MachineFiles): Promise<MachineState> {
  const record = await readRecord(files)
  if (!record) return { state: 'off' }
  const alive = (await isSocketServed(files.sockets.control)) || (await isSameProcess(record.process))
  return { state: alive ? 'running' : 'ended', record }
}

/** The record of a machine that runs. Throws `ROS_CLI_NOT_RUNNING`, with what became of it. */
export async function runningMachine(files: MachineFiles): Promise<MachineRecord> {
  const found = await machineState(files)
  if (found.state === 'running') return found.record
  const problem = found.state === 'ended' ? 'the machine has ended' : 'the machine does not run'
  throw new CliError('ROS_CLI_NOT_RUNNING', problem, {
    subject: files.name,
    hint: 'start it with `rancheros-kit run`; `rancheros-kit ps` lists machines of this folder',
  })
}

async function readRecord(files: MachineFiles): Promise<MachineRecord | undefined> {
  let text: string
  try {
    text = await readFile(files.record, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const record = parse(text)
  if (record) return record
  throw new CliError('ROS_CLI_STATE', 'the record of the machine is damaged', {
    subject: files.record,
    hint: 'if no QEMU of this folder runs, remove the file',
  })
}

function parse(text: string): MachineRecord | undefined {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  const { format, process, port, forwards } = (found ?? {}) as Partial<MachineRecord>
  const sound =
    format === 1 &&
    typeof process?.pid === 'number' &&
    typeof process.started === 'string' &&
    (port === null || typeof port === 'number') &&
    Array.isArray(forwards)
  return sound ? (found as MachineRecord) : undefined
}
