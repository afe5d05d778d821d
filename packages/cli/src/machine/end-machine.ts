import { setTimeout as sleep } from 'node:timers/promises'
import { connectQmp, isSocketServed } from '@ros/qemu-runner'
import { CliError } from '../error.ts'
import type { MachineFiles } from '../project.ts'
import { isSameProcess } from './process-identity.ts'
import { type MachineRecord, removeRecord } from './record.ts'

const POLL_MS = 200
/** A guest under emulation keeps QEMU busy for seconds. */
const CONTROL_MS = 15_000

/**
 * Ends a machine that runs: its power button is pressed and the guest shuts down in order (QMP `system_powerdown`); with `force`
 * QEMU ends at once, in whatever state it is. Throws `ROS_CLI_STOP` when the guest is not off in time.
 */
export async function endMachine(
  files: MachineFiles,
  record: MachineRecord,
  { force, timeoutMs, signal }: { force: boolean; timeoutMs: number; signal?: AbortSignal },
): Promise<void> {
  const asked = await tell(files.sockets.control, force ? 'quit' : 'system_powerdown')
  if (!force && !asked) throw stuck(record, 'QEMU does not answer')
  const deadline = performance.now() + (force ? CONTROL_MS : timeoutMs)
  while (await isThere(files, record)) {
    signal?.throwIfAborted()
    if (performance.now() > deadline) {
      if (!force) throw stuck(record, 'the guest does not power off', `${timeoutMs / 1000} s`)
      // Only the very process: a number alone may be somebody else's by now.
      if (await isSameProcess(record.process)) process.kill(record.process.pid, 'SIGKILL')
    }
    await sleep(POLL_MS)
  }
  await removeRecord(files)
}

async function tell(socket: string, command: string): Promise<boolean> {
  try {
    const qmp = await connectQmp(socket, { timeoutMs: CONTROL_MS })
    try {
      // `quit` may close the connection before it is answered.
      await qmp.execute(command).catch(() => undefined)
    } finally {
      qmp.close()
    }
    return true
  } catch {
    return false
  }
}

async function isThere(files: MachineFiles, record: MachineRecord): Promise<boolean> {
  return (await isSameProcess(record.process)) || (await isSocketServed(files.sockets.control))
}

function stuck(record: MachineRecord, problem: string, limit?: string): CliError {
  return new CliError('ROS_CLI_STOP', problem, {
    subject: record.name,
    got: `process ${record.process.pid}`,
    ...(limit !== undefined && { limit }),
    hint: 'see `rancheros-kit logs`; end it at once, as a power cut would, with `rancheros-kit stop --force`',
  })
}
