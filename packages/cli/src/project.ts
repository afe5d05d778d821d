import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { CliError } from './error.ts'

/** Where a project keeps what belongs to it; all below one folder that is not in git. */
export interface Project {
  readonly directory: string
  /** `id_ed25519` and `id_ed25519.pub` that log in to this project's machines. */
  readonly keys: string
  /** Files of the machine of that name. Throws `ROS_CLI_USAGE` for a name that could lead elsewhere. */
  machine(name: string): MachineFiles
  /** Machines that have a folder, sorted; the default one first. */
  machineNames(): string[]
}

/** What one machine has. */
export interface MachineFiles {
  readonly name: string
  readonly directory: string
  readonly stateDisk: string
  readonly secondDisk: string
  /** The machine's own copy of a disk image that it boots from. */
  bootDisk(format: 'raw' | 'qcow2'): string
  /** What `--cloud-config-9p` shares, and what `--pxe` serves. */
  readonly configFolder: string
  readonly netbootFolder: string
  readonly cloudConfigIso: string
  readonly cloudConfigFat: string
  readonly knownHosts: string
  readonly consoleLog: string
  /** What QEMU itself says, when it has no terminal. */
  readonly qemuLog: string
  /** What is known of the machine that runs; gone after an orderly end. */
  readonly record: string
  /** What a machine keeps from run to run: its port. */
  readonly settings: string
  /** Its locks are this and a number. */
  readonly lock: string
  readonly sockets: {
    /** For the process that started it. */
    readonly qmp: string
    /** For every other one. */
    readonly control: string
    readonly console: string
    readonly vnc: string
  }
}

export const DEFAULT_MACHINE = 'default'

export function openProject(workingDirectory: string, platform = process.platform): Project {
  const directory = resolve(workingDirectory, '.rancheros')
  const others = join(directory, 'machines')
  return {
    directory,
    keys: directory,
    machine: (name) => {
      checkName(name)
      return machineFiles(name, name === DEFAULT_MACHINE ? directory : join(others, name), platform)
    },
    machineNames: () => [DEFAULT_MACHINE, ...foldersOf(others)],
  }
}

function machineFiles(name: string, directory: string, platform: NodeJS.Platform): MachineFiles {
  const file = (base: string) => join(directory, base)
  return {
    name,
    directory,
    stateDisk: file('state.qcow2'),
    secondDisk: file('second.qcow2'),
    bootDisk: (format) => file(format === 'raw' ? 'disk.img' : 'disk.qcow2'),
    configFolder: file('cloud-config'),
    netbootFolder: file('netboot'),
    cloudConfigIso: file('cloud-config.iso'),
    cloudConfigFat: file('cloud-config.img'),
    knownHosts: file('known_hosts.json'),
    consoleLog: file('console.log'),
    qemuLog: file('qemu.log'),
    record: file('machine.json'),
    settings: file('settings.json'),
    lock: file('lock'),
    sockets: platform === 'win32' ? socketPorts(directory) : socketPaths(directory),
  }
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/.test(name)) return
  throw new CliError('ROS_CLI_USAGE', 'not a name for a machine', {
    subject: '--name',
    got: name,
    limit: 'letters, digits, - _ . and at most 40 of them',
  })
}

function foldersOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  } catch {
    return []
  }
}

/** Linux takes 107 bytes in a socket's path, macOS 103. */
const SOCKET_PATH_BYTES = 103

/** Below a deep folder there is no room for sockets: then they go to a folder of this user's in the temporary one. */
function socketPaths(directory: string): MachineFiles['sockets'] {
  const longest = join(directory, 'control.sock')
  const folder =
    Buffer.byteLength(longest) <= SOCKET_PATH_BYTES
      ? directory
      : join(tmpdir(), `rancheros-kit-${userInfo().uid}`, shortName(directory))
  const socket = (name: string) => join(folder, `${name}.sock`)
  return { qmp: socket('qmp'), control: socket('control'), console: socket('tty'), vnc: socket('vnc') }
}

/**
 * Node cannot open sockets that are files on Windows: there they are TCP ports of the loopback, the same ones every time, in
 * the range that nothing is registered for and the system does not hand out by itself.
 */
function socketPorts(directory: string): MachineFiles['sockets'] {
  const first = 20_000 + 4 * (Number.parseInt(shortName(directory).slice(0, 8), 16) % 5_000)
  const socket = (index: number) => `tcp:127.0.0.1:${first + index}`
  return { qmp: socket(0), control: socket(1), console: socket(2), vnc: socket(3) }
}

function shortName(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 16)
}

/** The cache of downloads and built parts: $ROS_KIT_CACHE, else below $XDG_CACHE_HOME or ~/.cache. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const given = environment['ROS_KIT_CACHE']
  if (given) return resolve(given)
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rancheros-kit')
}
