import { QemuRunnerError } from './error.ts'
import { checkInteger, checkPort, checkSocketPath, driveFile, escapeValue } from './option-value.ts'

export type Accelerator = 'kvm' | 'hvf' | 'tcg'

export interface Disk {
  readonly path: string
  readonly format: 'raw' | 'qcow2'
  readonly readOnly?: boolean
  /** Writes go to a temporary file that QEMU forgets at the end; the image stays as it is. */
  readonly snapshot?: boolean
}

export type Boot =
  /** Direct kernel boot: no firmware menu, no boot loader. */
  | { readonly kernel: string; readonly initrd?: string; readonly append?: string }
  /** An ISO as CD, through the firmware. */
  | { readonly cdrom: string }
  /** A disk image, or an ISO as a disk, through the firmware. `format` is raw unless said. */
  | {
      readonly disk: string
      readonly format?: 'raw' | 'qcow2'
      readonly readOnly?: boolean
      readonly snapshot?: boolean
      /** As a USB stick; else as a virtio disk. */
      readonly usb?: boolean
    }

/** UEFI firmware in place of the BIOS: OVMF's two flash images. */
export interface Firmware {
  /** The code, `OVMF_CODE_4M.fd` of Debian's package ovmf; never written. */
  readonly code: string
  /** The variables, `OVMF_VARS_4M.fd`; what the guest writes there is forgotten at the end. */
  readonly vars: string
  /**
   * Only the firmware may write its variables, as secure boot needs. The images must be made for it
   * (`OVMF_CODE_4M.ms.fd`, `OVMF_VARS_4M.ms.fd`: Microsoft's keys are enrolled), the machine must be q35.
   */
  readonly secureBoot?: boolean
}

export interface PortForward {
  readonly hostPort: number
  readonly guestPort: number
  /** Address to listen on; 127.0.0.1 unless said, so that nobody outside reaches the guest. */
  readonly hostAddress?: string
}

export interface QemuOptions {
  readonly arch?: 'x86_64'
  /** Program to run; `qemu-system-<arch>` unless said. */
  readonly program?: string
  readonly machine?: 'q35' | 'pc'
  readonly accelerator: Accelerator
  /** CPU model; `max` under TCG, else `host`. */
  readonly cpu?: string
  readonly memoryMb: number
  readonly cpus: number
  readonly boot: Boot
  /** Firmware of the machine; the BIOS (SeaBIOS) unless given. */
  readonly firmware?: Firmware
  /** virtio-blk disks, in the guest /dev/vda and on; a boot disk comes before them. */
  readonly disks?: readonly Disk[]
  /** Further ISO images as CD drives, after the one booted from. */
  readonly cdroms?: readonly string[]
  /** QEMU's user-mode network on a virtio card, with these ports leading into the guest (none unless said); or no card. */
  readonly network?: { readonly forwards?: readonly PortForward[]; readonly hostname?: string } | 'none'
  /** Path of QEMU's control socket. Without it the machine can be ended only by signals. */
  readonly qmpSocket?: string
  /** A reboot of the guest ends QEMU. */
  readonly noReboot?: boolean
  /** Arguments added at the end, as they are. */
  readonly extra?: readonly string[]
}

export interface QemuCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly qmpSocket?: string
}

/**
 * The command line of a machine: serial port on stdin and stdout, no window, nothing that was not asked for. Pure: no
 * file is looked at. Throws `ROS_QEMU_OPTION` for a number or path that QEMU would refuse or read as something else.
 * Options as in QEMU's "Invocation" manual, versions 7 to 10.
 */
export function qemuCommand(options: QemuOptions): QemuCommand {
  const { boot, firmware, machine = 'q35' } = options
  const disks = [...('disk' in boot ? [bootDisk(boot)] : []), ...(options.disks ?? [])]
  const cdroms = [...('cdrom' in boot ? [boot.cdrom] : []), ...(options.cdroms ?? [])]
  const args = [
    ['-no-user-config', '-nodefaults', '-display', 'none', '-serial', 'stdio'],
    firmware ? firmwareArgs(firmware, machine) : ['-machine', machine],
    ['-accel', options.accelerator === 'tcg' ? 'tcg,thread=multi' : options.accelerator],
    ['-cpu', options.cpu ?? (options.accelerator === 'tcg' ? 'max' : 'host')],
    ['-m', String(checkInteger('memoryMb', options.memoryMb, 1, 16 * 1024 * 1024))],
    ['-smp', String(checkInteger('cpus', options.cpus, 1, 255))],
    bootArgs(boot),
    ...disks.map((disk, index) => diskArgs(disk, index, 'disk' in boot && index === 0 ? boot : undefined)),
    ...cdroms.map((path, index) => cdromArgs(path, index, machine, 'cdrom' in boot && index === 0)),
    networkArgs(options.network ?? {}),
    ['-device', 'virtio-rng-pci'],
    options.noReboot ? ['-no-reboot'] : [],
    options.qmpSocket === undefined ? [] : controlArgs(options.qmpSocket),
    options.extra ?? [],
  ]
  return {
    program: options.program ?? `qemu-system-${options.arch ?? 'x86_64'}`,
    args: args.flat(),
    ...(options.qmpSocket !== undefined && { qmpSocket: options.qmpSocket }),
  }
}

/** The command as a line that a POSIX shell reads back as the same words. */
export function formatCommand(command: QemuCommand): string {
  return [command.program, ...command.args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}

function bootArgs(boot: Boot): string[] {
  // Boot loaders print through the video BIOS, so there is a card; strict: only the device asked for is booted.
  if (!('kernel' in boot)) return ['-vga', 'std', '-boot', 'strict=on']
  const initrd = boot.initrd === undefined ? [] : ['-initrd', boot.initrd]
  const append = boot.append === undefined ? [] : ['-append', boot.append]
  return ['-vga', 'none', '-kernel', boot.kernel, ...initrd, ...append]
}

function firmwareArgs({ code, vars, secureBoot }: Firmware, machine: 'q35' | 'pc'): string[] {
  if (secureBoot && machine !== 'q35') {
    throw new QemuRunnerError('ROS_QEMU_OPTION', 'machine cannot protect its variables for secure boot', {
      subject: `machine ${machine}`,
      limit: 'q35',
    })
  }
  return [
    ['-machine', secureBoot ? `${machine},smm=on` : machine],
    secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : [],
    ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${driveFile(code)}`],
    ['-drive', `if=pflash,unit=1,format=raw,snapshot=on,file=${driveFile(vars)}`],
  ].flat()
}

function bootDisk(boot: Extract<Boot, { disk: string }>): Disk {
  const { disk, format = 'raw', usb: _, ...rest } = boot
  return { path: disk, format, ...rest }
}

function diskArgs(disk: Disk, index: number, boot: Extract<Boot, { disk: string }> | undefined): string[] {
  const flags = `${disk.readOnly ? ',readonly=on' : ''}${disk.snapshot ? ',snapshot=on' : ''}`
  const drive = `if=none,id=disk${index},format=${disk.format}${flags},file=${driveFile(disk.path)}`
  const place = `drive=disk${index}${boot ? ',bootindex=0' : ''}`
  if (!boot?.usb) return ['-drive', drive, '-device', `virtio-blk-pci,${place}`]
  return ['-drive', drive, '-device', 'qemu-xhci', '-device', `usb-storage,${place}`]
}

function cdromArgs(path: string, index: number, machine: 'q35' | 'pc', isBoot: boolean): string[] {
  const drive = `if=none,id=cd${index},format=raw,media=cdrom,readonly=on,file=${driveFile(path)}`
  const device = `ide-cd,drive=cd${index},${idePlace(index, machine)}${isBoot ? ',bootindex=0' : ''}`
  return ['-drive', drive, '-device', device]
}

/** q35 has six SATA ports of one drive each, pc has two IDE channels of two. QEMU finds no free one by itself. */
function idePlace(index: number, machine: 'q35' | 'pc'): string {
  const places = machine === 'q35' ? 6 : 4
  if (index >= places) {
    throw new QemuRunnerError('ROS_QEMU_OPTION', 'too many CD drives', {
      subject: `machine ${machine}`,
      limit: `${places} drives`,
    })
  }
  return machine === 'q35' ? `bus=ide.${index}` : `bus=ide.${Math.floor(index / 2)},unit=${index % 2}`
}

function networkArgs(network: NonNullable<QemuOptions['network']>): string[] {
  if (network === 'none') return []
  const rules = (network.forwards ?? []).map(({ hostPort, guestPort, hostAddress = '127.0.0.1' }) => {
    const host = `${hostAddress}:${checkPort('hostPort', hostPort)}`
    return `,hostfwd=tcp:${host}-:${checkPort('guestPort', guestPort)}`
  })
  const hostname = network.hostname === undefined ? '' : `,hostname=${escapeValue(network.hostname)}`
  // No option ROM: nothing boots from the network here, and Debian ships the ROM in a package that may be absent.
  return [
    '-netdev',
    `user,id=net0${hostname}${rules.join('')}`,
    '-device',
    'virtio-net-pci,netdev=net0,romfile=',
  ]
}

function controlArgs(socket: string): string[] {
  const path = escapeValue(checkSocketPath(socket))
  return ['-chardev', `socket,id=qmp,path=${path},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control']
}
