// A machine that tests log in to over ssh.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  capture,
  connectSsh,
  type Disk,
  ensureKeyPair,
  type Firmware,
  freePort,
  type Machine,
  probeAccelerator,
  probeQemuVersion,
  type QemuOptions,
  qemuCommand,
  startMachine,
} from '@ros/qemu-runner'
import { expect } from 'vitest'

const BOOT_MS = 600_000
const PAIR_COMMENT = 'test'

export interface Guest {
  readonly machine: Machine
  /** Runs a command; its exit code has to be 0. Gives what it printed, standard error after standard output. */
  readonly sh: (command: string) => Promise<string>
  /** The same for a command that may fail. */
  readonly attempt: (command: string) => Promise<{ code: number; text: string }>
  /** Everything that came on the serial line so far, without control sequences. */
  readonly serial: () => string
}

export interface GuestOptions {
  readonly boot: QemuOptions['boot']
  readonly arch?: NonNullable<QemuOptions['arch']>
  readonly disks?: readonly Disk[]
  readonly cdroms?: readonly string[]
  readonly firmware?: Firmware
  readonly extra?: readonly string[]
  readonly memoryMb?: number
  /** A restart of the guest goes on; else it ends the machine. */
  readonly reboots?: boolean
}

/** Keys of a folder's machines. */
export function keysOf(folder: string) {
  return ensureKeyPair(join(folder, 'keys'), PAIR_COMMENT)
}

let starts = 0

/** Starts a machine, lets `use` work in it as soon as ssh answers, and ends it in order. */
export async function withGuest<T>(
  folder: string,
  options: GuestOptions,
  use: (guest: Guest) => Promise<T>,
): Promise<T> {
  const { extra, memoryMb = 2048, reboots = false, ...rest } = options
  const name = `guest-${++starts}`
  mkdirSync(join(folder, name), { recursive: true })
  const port = await freePort()
  const { accelerator } = await probeAccelerator(options.arch === undefined ? {} : { arch: options.arch })
  const version = await probeQemuVersion(`qemu-system-${options.arch ?? 'x86_64'}`)
  const command = qemuCommand({
    version,
    accelerator,
    memoryMb,
    cpus: 2,
    ...rest,
    network: { forwards: [{ hostPort: port, guestPort: 22 }] },
    noReboot: !reboots,
    ...(extra && { extra }),
  })
  let text = ''
  await using machine = await startMachine(command, {
    consoleLog: join(folder, name, 'console.log'),
    stdin: 'ignore',
    onConsole: (more: string) => {
      text += more
    },
  })
  const { privateKey } = await keysOf(folder)
  const client = await connectSsh({
    port,
    username: 'rancher',
    privateKey,
    hostKey: { knownHostsFile: join(folder, name, 'known_hosts') },
    timeoutMs: BOOT_MS,
    until: machine,
  }).catch((cause: unknown) => {
    throw new Error(`no ssh; the console: ${machine.lastLines(40).join('\n')}`, { cause })
  })
  try {
    const attempt = async (line: string) => {
      const { code, stdout, stderr } = await capture(client, line)
      return { code: code ?? -1, text: stdout + stderr }
    }
    const result = await use({
      machine,
      attempt,
      async sh(line) {
        const { code, text: output } = await attempt(line)
        expect(code, `${line}\n${output}`).toBe(0)
        return output
      },
      serial: () => text.replaceAll(/\x1b\[[0-9;?=]*[A-Za-z]|\r/g, ''),
    })
    await capture(client, 'sudo poweroff').catch(() => undefined)
    const limit = new Promise((resolve) => setTimeout(resolve, 120_000).unref())
    await Promise.race([machine.exited, limit])
    return result
  } finally {
    client.end()
  }
}
