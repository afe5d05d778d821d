import type { Accelerator, Display, NetworkCard, QemuArch } from '@ros/qemu-runner'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { CliError } from '../error.ts'
import { QEMU_ARCH } from './built-arch.ts'
import { readCard } from './network.ts'
import { type PortWishes, readPorts } from './ports.ts'
import type { runOptions } from './run-options.ts'

/** As yargs reads them. */
type RawArguments = ReturnType<typeof runOptions> extends Argv<infer A> ? ArgumentsCamelCase<A> : never

export type BootChoice =
  | { readonly from: 'kernel' | 'iso' | 'boothd' | 'pxe' }
  | { readonly from: 'disk'; readonly image: string }

export interface CloudConfigChoice {
  readonly path: string | undefined
  readonly carrier: 'iso' | 'fat' | '9p'
}

/** What `run` was asked for, checked; nothing has been looked at yet. */
export interface RunArguments {
  readonly artifacts: string
  readonly name: string
  readonly boot: BootChoice
  readonly firmware: 'bios' | 'uefi' | 'secure boot'
  readonly arch: QemuArch
  readonly accelerator: Accelerator | undefined
  readonly ssh: boolean
  readonly detach: boolean
  readonly showConsole: boolean
  /** The remote command; empty opens a shell. */
  readonly command: readonly string[]
  /** Arguments for QEMU, as they are. */
  readonly extra: readonly string[]
  readonly fresh: boolean
  readonly rebuild: boolean
  readonly format: boolean
  readonly rmUsr: boolean
  readonly secondDrive: boolean
  /** Bytes. */
  readonly resize: number | undefined
  readonly append: readonly string[]
  readonly appendInit: readonly string[]
  readonly cloudConfig: CloudConfigChoice
  readonly memoryMb: number
  readonly cpus: number
  readonly ports: PortWishes
  readonly network: NetworkCard | 'none'
  readonly nics: readonly NetworkCard[]
  /** `socket` stands for one in the machine's folder. */
  readonly display: Display | 'vnc socket'
  readonly timeoutMs: number
  /** File for a picture of the boot. */
  readonly timeline: string | undefined
  readonly qemu: string | undefined
  readonly dryRun: boolean
}

/** Throws `ROS_CLI_USAGE` for values that no machine could have. */
export function readRunArguments(
  raw: RawArguments,
  rest: readonly string[],
  environment: { readonly platform: NodeJS.Platform; readonly qemuArgs: string | undefined },
): RunArguments {
  checkTogether(raw)
  const network = raw.network === 'none' ? 'none' : readCard('network', raw.network)
  const ports = readPorts(raw.port)
  if ((raw.ssh || raw.timeline !== undefined) && (network === 'none' || network.kind !== 'user')) {
    throw usage(
      raw.ssh ? '--ssh' : '--timeline',
      `network ${raw.network}`,
      'user: only that leads a port of this machine into the guest',
    )
  }
  if (network === 'none' || network.kind !== 'user') {
    if (ports.forwards.length > 0 || ports.ssh !== undefined)
      throw usage('--port', `network ${raw.network}`, 'user')
  }
  if (raw.accel !== 'auto' && raw.kvm && raw.accel !== 'kvm')
    throw usage('--kvm', `--accel ${raw.accel}`, 'one of them')
  const accelerator = raw.kvm ? 'kvm' : raw.accel
  return {
    artifacts: raw.out,
    name: raw.name,
    boot: bootChoice(raw),
    firmware: raw.secureBoot ? 'secure boot' : raw.uefi ? 'uefi' : 'bios',
    arch: QEMU_ARCH[raw.arch],
    accelerator: accelerator === 'auto' ? undefined : accelerator,
    ssh: raw.ssh,
    detach: raw.detach,
    showConsole: raw.console,
    command: raw.ssh ? rest : [],
    extra: [...words(environment.qemuArgs), ...(raw.ssh ? [] : rest)],
    fresh: raw.fresh,
    rebuild: raw.rebuild,
    format: raw.format,
    rmUsr: raw.rmUsr,
    secondDrive: raw.secondDrive,
    resize: raw.resizehd === undefined ? undefined : readSize(raw.resizehd),
    append: raw.append,
    appendInit: raw.appendInit,
    cloudConfig: cloudConfigChoice(raw),
    memoryMb: raw.memory,
    cpus: raw.cpus,
    ports,
    network,
    nics: raw.nic.map((each) => readCard('nic', each)),
    display: displayChoice(raw, environment.platform),
    timeoutMs: raw.timeout * 1000,
    timeline: raw.timeline,
    qemu: raw.qemu,
    dryRun: raw.dryRun,
  }
}

/** Options of which one excludes the other. */
const EXCLUSIVE = [
  ['iso', 'disk', 'boothd', 'pxe'],
  ['gui', 'vnc'],
  ['detach', 'console'],
] as const

function checkTogether(raw: RawArguments): void {
  for (const names of EXCLUSIVE) {
    const given = names.filter((name) => raw[name] !== undefined && raw[name] !== false)
    const [first, second] = given
    if (first !== undefined && second !== undefined)
      throw usage(`--${first}`, `with --${second}`, `one of ${names.map((name) => `--${name}`).join(', ')}`)
  }
}

function bootChoice(raw: RawArguments): BootChoice {
  if (raw.disk !== undefined) return { from: 'disk', image: raw.disk }
  return { from: raw.iso ? 'iso' : raw.boothd ? 'boothd' : raw.pxe ? 'pxe' : 'kernel' }
}

function cloudConfigChoice(raw: Record<string, unknown>): CloudConfigChoice {
  const given = (
    [
      ['cloudConfig', 'iso'],
      ['cloudConfigIso', 'iso'],
      ['cloudConfigFat', 'fat'],
      ['cloudConfig-9p', '9p'],
      ['cloudConfig9p', '9p'],
      ['cloud-config-9p', '9p'],
    ] as const
  ).flatMap(([key, carrier]) => (typeof raw[key] === 'string' ? [{ path: raw[key], carrier }] : []))
  const [first = { path: undefined, carrier: 'iso' as const }, ...others] = given
  if (others.some(({ carrier, path }) => carrier !== first.carrier || path !== first.path))
    throw usage('--cloud-config', 'two of them', 'one')
  return first
}

function displayChoice(raw: RawArguments, platform: NodeJS.Platform): RunArguments['display'] {
  if (raw.gui) return { window: platform === 'darwin' ? 'cocoa' : 'gtk' }
  if (raw.vnc === undefined) return 'none'
  if (raw.vnc === '') return 'vnc socket'
  if (/^\d{1,4}$/.test(raw.vnc)) return { vnc: { display: Number(raw.vnc) } }
  throw usage('--vnc', raw.vnc, 'a display number (5900 is added), or nothing for a socket')
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

function readSize(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([KMGT]?)i?B?$/i.exec(text) ?? []
  const size = Number(amount) * (UNITS[unit.toUpperCase()] ?? Number.NaN)
  // QEMU wants whole sectors.
  if (Number.isSafeInteger(size) && size > 0 && size % 512 === 0) return size
  throw usage('--resizehd', text, 'a size in bytes, or with K, M, G or T; whole sectors of 512 bytes')
}

/** Upstream's `$QEMU_ARGS`: words between blanks. */
function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}

function usage(subject: string, got: string, limit: string): CliError {
  return new CliError('ROS_CLI_USAGE', 'cannot be', { subject, got, limit })
}
