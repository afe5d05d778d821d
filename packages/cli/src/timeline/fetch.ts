import { setTimeout as sleep } from 'node:timers/promises'
import { capture, type connectSsh } from '@ros/qemu-runner'
import { CliError } from '../error.ts'
import { type BootRecord, isWhole, parseBootRecord } from './boot-record.ts'

const RECORD_FILE = '/run/ros/boot.json'
const RETRY_MS = 1000

/**
 * The record of a guest's boot: as soon as that has ended, or as far as it has come after `timeoutMs`. Throws
 * `ROS_CLI_BOOT_RECORD` when the guest has none.
 */
export async function fetchBootRecord(
  client: Awaited<ReturnType<typeof connectSsh>>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<BootRecord> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const { code, stdout, stderr } = await capture(client, `cat ${RECORD_FILE}`)
    if (code !== 0) {
      throw new CliError('ROS_CLI_BOOT_RECORD', 'the guest has no record of its boot', {
        subject: RECORD_FILE,
        got: stderr.trim(),
        hint: 'only a guest that runs this kit’s ros writes one',
      })
    }
    const record = parseBootRecord(stdout, RECORD_FILE)
    if (isWhole(record) || performance.now() > deadline) return record
    await sleep(RETRY_MS, undefined, { signal })
  }
}

/** How long ago the guest's kernel started, in seconds. */
export async function guestUptime(client: Awaited<ReturnType<typeof connectSsh>>): Promise<number> {
  const { stdout } = await capture(client, 'cat /proc/uptime')
  return Number.parseFloat(stdout)
}
