import { checkPortFree, freePort, type PortForward } from '@ros/qemu-runner'
import { CliError } from '../error.ts'
import { codeOf } from '../exit-code.ts'
import type { MachineFiles } from '../project.ts'
import { changeSettings, readSettings } from './settings.ts'

/** What `--port` asks for: the port of ssh, when one was named, and further ones. */
export interface PortWishes {
  readonly ssh: number | undefined
  readonly forwards: readonly PortForward[]
}

const SSH = 22
const DEFAULT_PORT = 2222

/** Reads `PORT` (ssh) and `[ADDRESS:]PORT:GUEST_PORT[/udp]`. Throws `ROS_CLI_USAGE`. */
export function readPorts(texts: readonly string[]): PortWishes {
  let ssh: number | undefined
  const forwards: PortForward[] = []
  for (const text of texts) {
    const match = /^(?:(?:((?:\d{1,3}\.){3}\d{1,3}):)?(\d+):)?(\d+)(?:\/(tcp|udp))?$/.exec(text)
    const [, hostAddress, host, last = '', protocol] = match ?? []
    if (!match || !isPort(last) || (host !== undefined && !isPort(host))) throw notPort(text)
    if (host === undefined) {
      if (protocol !== undefined || ssh !== undefined) throw notPort(text)
      ssh = Number(last)
      continue
    }
    forwards.push({
      hostPort: Number(host),
      guestPort: Number(last),
      ...(hostAddress !== undefined && { hostAddress }),
      ...(protocol === 'udp' && { protocol }),
    })
  }
  return { ssh, forwards }
}

/**
 * The port of ssh: the one that was asked for (an error when it is taken), else the machine's last one, else 2222, else any that
 * is free.
 */
export async function chooseSshPort(wishes: PortWishes, files: MachineFiles): Promise<number> {
  for (const { hostPort, hostAddress, protocol } of wishes.forwards) {
    if (protocol !== 'udp') await checkPortFree(hostPort, hostAddress)
  }
  if (wishes.ssh !== undefined) {
    await checkPortFree(wishes.ssh)
    return wishes.ssh
  }
  const taken = wishes.forwards.map(({ hostPort }) => hostPort)
  for (const port of [await lastPort(files), DEFAULT_PORT]) {
    if (port !== undefined && !taken.includes(port) && (await isFree(port))) return port
  }
  for (;;) {
    const port = await freePort()
    if (!taken.includes(port)) return port
  }
}

export async function rememberPort(files: MachineFiles, port: number): Promise<void> {
  await changeSettings(files, { port })
}

export const sshForward = (hostPort: number): PortForward => ({ hostPort, guestPort: SSH })

async function lastPort(files: MachineFiles): Promise<number | undefined> {
  const { port } = await readSettings(files)
  return port !== undefined && isPort(String(port)) ? port : undefined
}

async function isFree(port: number): Promise<boolean> {
  try {
    await checkPortFree(port)
    return true
  } catch (error) {
    if (codeOf(error)?.startsWith('ROS_QEMU_PORT_')) return false
    throw error
  }
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
}

function notPort(text: string): CliError {
  return new CliError('ROS_CLI_USAGE', 'not a port', {
    subject: '--port',
    got: text,
    limit: 'PORT for ssh, once, or [ADDRESS:]PORT:GUEST_PORT[/udp], with ports from 1 to 65535',
  })
}
