import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Code, microGuest } from './boot-sector.ts'
import { type QemuCommand, qemuCommand } from './command.ts'
import type { QemuOptions } from './qemu-options.ts'

/** Stops the CPU: the guest stays until QEMU is ended. */
export const halt: readonly Code[] = [{ label: 'halt' }, [0xfa, 0xf4], { jump: 0xeb, to: 'halt' }]

/**
 * Prints `!` once it watches the power button, then switches off when that is pressed: ACPI fixed
 * hardware where SeaBIOS puts it, at port 0x600.
 */
export const obeyPowerButton: readonly Code[] = [
  [0x66, 0xba, 0x02, 0x06, 0x66, 0xb8, 0x00, 0x01, 0x66, 0xef], // PM1_EN: power button
  [0x66, 0xba, 0xf8, 0x03, 0xb0, 0x21, 0xee, 0xb0, 0x0a, 0xee], // '!' and a line end to COM1
  [0x66, 0xba, 0x00, 0x06], // mov dx, PM1_STS
  { label: 'poll' },
  [0x66, 0xed, 0xf6, 0xc4, 0x01], // in ax, dx; test ah, 1
  { jump: 0x74, to: 'poll' },
  [0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef], // PM1_CNT: sleep type 0 (off), enable
  ...halt,
]

/** Sends back each byte that comes over the serial port. */
export const echo: readonly Code[] = [
  { label: 'wait' },
  [0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01], // line status, bit 0: a byte is there
  { jump: 0x74, to: 'wait' },
  [0x66, 0xba, 0xf8, 0x03, 0xec, 0xee], // in al, dx; out dx, al
  { jump: 0xeb, to: 'wait' },
]

/** A temporary directory for the time of `use`. */
export async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'ros-qemu-'))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The command of a micro guest under TCG, with a control socket. */
export async function guestCommand(
  directory: string,
  text: string,
  ending: readonly Code[] = halt,
  more: Partial<QemuOptions> = {},
): Promise<QemuCommand> {
  const disk = join(directory, 'guest.img')
  await writeFile(disk, microGuest(text, { ending }))
  return qemuCommand({
    accelerator: 'tcg',
    memoryMb: 16,
    cpus: 1,
    boot: { disk, readOnly: true },
    network: 'none',
    qmpSocket: join(directory, 'qmp'),
    ...more,
  })
}

/** Whether a process runs. One that ended and whose parent is gone may wait for PID 1 to notice: it does not run. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return process.platform !== 'linux'
  }
}
