import { resolve } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import type { connectSsh } from '@ros/qemu-runner'
import type { MachineRecord } from '../machine/record.ts'
import type { Output } from '../output.ts'
import { printError } from '../print.ts'
import { isWhole } from '../timeline/boot-record.ts'
import { fetchBootRecord, guestUptime } from '../timeline/fetch.ts'
import { timelinePage } from '../timeline/page.ts'

type Client = Awaited<ReturnType<typeof connectSsh>>

/** Draws the boot of the machine that it logs in to; the connection stays open. Never rejects. */
export type TimelineWriter = (logIn: () => Promise<Client>) => Promise<void>

/** How long the end of a boot is waited for after ssh has answered. */
const WHOLE_MS = 300_000

/**
 * What writes the picture of a boot to a file when the boot has ended; none without a file. To be called so that ssh
 * answers it as soon as anybody: that moment is marked. An error is printed: the
 * session is what was asked for first.
 */
export function timelineWriter(
  path: string | undefined,
  machine: Pick<MachineRecord, 'accelerator' | 'cpus' | 'memoryMb'>,
  output: Output,
  signal: AbortSignal,
): TimelineWriter | undefined {
  if (path === undefined) return undefined
  return async (logIn) => {
    try {
      const client = await logIn()
      const answered = await guestUptime(client)
      const record = await fetchBootRecord(client, WHOLE_MS, signal)
      if (!isWhole(record)) output.warn('the boot has not ended: the timeline shows it so far')
      const marks = Number.isFinite(answered) ? [{ name: 'ssh answers', at: answered }] : []
      const page = timelinePage(record, { marks, machine: about(machine) })
      await replaceFile(resolve(path), [new TextEncoder().encode(page)])
      output.note(`timeline in ${path}`)
    } catch (error) {
      if (!signal.aborted) printError(error, output.terminal)
    }
  }
}

function about({
  accelerator,
  cpus,
  memoryMb,
}: Pick<MachineRecord, 'accelerator' | 'cpus' | 'memoryMb'>): string {
  return `${accelerator.toUpperCase()}, ${cpus} processor${cpus === 1 ? '' : 's'}, ${memoryMb} MB of memory`
}
