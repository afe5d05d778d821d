import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type Accelerator,
  type Boot,
  type Disk,
  findFirmware,
  type NetworkCard,
  type QemuOptions,
  type QemuVersion,
} from '@ros/qemu-runner'
import { CliError } from '../error.ts'
import type { MachineFiles } from '../project.ts'
import { NETBOOT_SCRIPT } from './disks.ts'
import { kernelArguments } from './kernel-arguments.ts'
import { withForwards } from './network.ts'
import { sshForward } from './ports.ts'
import type { RunArguments } from './run-arguments.ts'

/** What was found out about this machine before the command line is made. */
export interface Findings {
  readonly accelerator: Accelerator
  readonly version: QemuVersion
  /** Port of ssh; undefined when the network has none. */
  readonly port: number | undefined
  /** Format of the disk image that `--disk` names. */
  readonly diskFormat: 'raw' | 'qcow2' | undefined
}

/** What is booted, in words. */
export function bootName({ boot, firmware, artifacts }: RunArguments): string {
  const names = {
    kernel: 'vmlinuz and initrd',
    iso: 'rancheros.iso',
    boothd: 'its own disk',
    pxe: 'the network',
  } as const
  const what = boot.from === 'disk' ? boot.image : names[boot.from]
  const where = boot.from === 'kernel' || boot.from === 'iso' ? ` of ${artifacts}` : ''
  return `${what}${where}${firmware === 'bios' ? '' : `, ${firmware}`}`
}

/** Kernel and initrd of the artifacts. Throws `ROS_CLI_NOT_BUILT`. */
export function artifact(args: Pick<RunArguments, 'artifacts'>, name: string): string {
  const path = resolve(args.artifacts, name)
  if (existsSync(path)) return path
  throw new CliError('ROS_CLI_NOT_BUILT', 'not there', {
    subject: path,
    hint: 'run `rancheros-kit build` first',
  })
}

export function kernelLine(args: RunArguments): string {
  const { arch, format, rmUsr, append, appendInit, display } = args
  return kernelArguments({ arch, format, rmUsr, append, appendInit, display: display !== 'none' })
}

/** The machine as QEMU is told it; who starts it adds consoles and control sockets. */
export function machinePlan(args: RunArguments, files: MachineFiles, found: Findings): QemuOptions {
  const { arch, firmware } = args
  const { carrier } = args.cloudConfig
  const uefi = firmware !== 'bios' || (arch === 'aarch64' && args.boot.from !== 'kernel')
  const state: Disk = { path: files.stateDisk, format: 'qcow2' }
  const second: Disk = { path: files.secondDisk, format: 'qcow2' }
  const ownDisk = args.boot.from === 'boothd' || args.boot.from === 'disk'
  return {
    arch,
    version: found.version,
    ...(args.qemu !== undefined && { program: args.qemu }),
    accelerator: found.accelerator,
    memoryMb: args.memoryMb,
    cpus: args.cpus,
    boot: bootOf(args, files, found),
    ...(uefi && { firmware: findFirmware(arch, firmware === 'secure boot', { exists: existsSync }) }),
    display: args.display === 'vnc socket' ? { vnc: { socket: files.sockets.vnc } } : args.display,
    disks: [
      ...(ownDisk ? [] : [state]),
      ...(args.secondDrive ? [second] : []),
      ...(carrier === 'fat' ? [{ path: files.cloudConfigFat, format: 'raw', readOnly: true } as const] : []),
    ],
    cdroms: carrier === 'iso' ? [files.cloudConfigIso] : [],
    ...(carrier === '9p' && { shares: [{ path: files.configFolder, tag: 'config-2' }] }),
    network: cards(args, files, found),
    extra: args.extra,
  }
}

function bootOf(args: RunArguments, files: MachineFiles, { diskFormat }: Findings): Boot {
  switch (args.boot.from) {
    case 'iso':
      return { cdrom: artifact(args, 'rancheros.iso') }
    case 'boothd':
      return { disk: files.stateDisk, format: 'qcow2' }
    case 'disk':
      return { disk: files.bootDisk(diskFormat ?? 'raw'), format: diskFormat ?? 'raw' }
    case 'pxe':
      return { network: true }
    case 'kernel':
      return { kernel: artifact(args, 'vmlinuz'), initrd: artifact(args, 'initrd'), append: kernelLine(args) }
  }
}

function cards(args: RunArguments, files: MachineFiles, { port }: Findings): NetworkCard[] | 'none' {
  const { network, nics, ports, boot } = args
  if (network === 'none') return nics.length === 0 ? 'none' : [...nics]
  const forwards = [...(port === undefined ? [] : [sshForward(port)]), ...ports.forwards]
  const first = withForwards(network, forwards, 'rancher')
  const tftp = { folder: files.netbootFolder, bootFile: NETBOOT_SCRIPT }
  return [boot.from === 'pxe' && first.kind === 'user' ? { ...first, tftp } : first, ...nics]
}
