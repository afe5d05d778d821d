import { driveArgs, firmwareArgs } from './drive-args.ts'
import { networkArgs } from './network-card.ts'
import { checkInteger, checkSocketPath, escapeValue } from './option-value.ts'
import { processorArgs } from './processor.ts'
import type { Boot, Display, QemuMachine, QemuOptions, Serial, Share } from './qemu-options.ts'

/** A command line, and the sockets that it names. */
export interface QemuCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly qmpSocket?: string
  readonly controlSocket?: string
}

/**
 * The command line of a machine: serial port on stdin and stdout, no window, nothing that was not asked for. Pure: no
 * file is looked at. Throws `ROS_QEMU_OPTION` for a number or path that QEMU would refuse or read as something else.
 * Options as in QEMU's "Invocation" manual, versions 7 to 10; those that differ are in `qemu-version.ts`.
 */
export function qemuCommand(options: QemuOptions): QemuCommand {
  const { boot, firmware, display = 'none', arch = 'x86_64' } = options
  const machine = options.machine ?? (arch === 'aarch64' ? 'virt' : 'q35')
  const args = [
    ['-no-user-config', '-nodefaults', '-display', displayValue(display)],
    serialArgs(options.serial ?? 'stdio'),
    firmware ? firmwareArgs(firmware, machine) : ['-machine', machine],
    processorArgs(options),
    ['-m', String(checkInteger('memoryMb', options.memoryMb, 1, 16 * 1024 * 1024))],
    ['-smp', String(checkInteger('cpus', options.cpus, 1, 255))],
    graphicsArgs(boot, display, machine),
    bootArgs(boot),
    driveArgs(options, machine),
    (options.shares ?? []).flatMap(shareArgs),
    networkArgs(options.network ?? {}, 'network' in boot),
    ['-device', 'virtio-rng-pci'],
    options.noReboot ? ['-no-reboot'] : [],
    options.paused ? ['-S'] : [],
    options.qmpSocket === undefined ? [] : controlArgs('qmp', options.qmpSocket),
    options.controlSocket === undefined ? [] : controlArgs('control', options.controlSocket),
    options.extra ?? [],
  ]
  return {
    program: options.program ?? `qemu-system-${arch}`,
    args: args.flat(),
    ...(options.qmpSocket !== undefined && { qmpSocket: options.qmpSocket }),
    ...(options.controlSocket !== undefined && { controlSocket: options.controlSocket }),
  }
}

/** The command as a line that a POSIX shell reads back as the same words. */
export function formatCommand(command: QemuCommand): string {
  return [command.program, ...command.args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}

function displayValue(display: Display): string {
  if (display === 'none') return 'none'
  if ('window' in display) return display.window
  const { vnc } = display
  if ('socket' in vnc) return `vnc=unix:${escapeValue(checkSocketPath(vnc.socket))}`
  return `vnc=127.0.0.1:${checkInteger('vnc display', vnc.display, 0, 65_535 - 5900)}`
}

function serialArgs(serial: Serial): string[] {
  if (serial === 'stdio') return ['-serial', 'stdio']
  const log = `logfile=${escapeValue(serial.log)},logappend=off`
  return ['-chardev', `${socketChardev('serial', serial.socket)},${log}`, '-serial', 'chardev:serial']
}

/** A graphics card where somebody looks at it, or a boot loader prints through its BIOS. */
function graphicsArgs(boot: Boot, display: Display, machine: QemuMachine): string[] {
  if (display === 'none') {
    if (machine === 'virt') return []
    return ['-vga', 'kernel' in boot ? 'none' : 'std']
  }
  if (machine !== 'virt') return ['-vga', 'std']
  const usb = 'disk' in boot && boot.usb ? [] : ['-device', 'qemu-xhci']
  return ['-device', 'virtio-gpu-pci', ...usb, '-device', 'usb-kbd', '-device', 'usb-tablet']
}

function bootArgs(boot: Boot): string[] {
  // Strict: only the device asked for is booted.
  if (!('kernel' in boot)) return ['-boot', 'strict=on']
  const initrd = boot.initrd === undefined ? [] : ['-initrd', boot.initrd]
  const append = boot.append === undefined ? [] : ['-append', boot.append]
  return ['-kernel', boot.kernel, ...initrd, ...append]
}

function shareArgs({ path, tag }: Share, index: number): string[] {
  const id = `share${index}`
  const fsdev = `local,id=${id},path=${escapeValue(path)},security_model=none,readonly=on`
  return ['-fsdev', fsdev, '-device', `virtio-9p-pci,fsdev=${id},mount_tag=${escapeValue(tag)}`]
}

function controlArgs(id: string, address: string): string[] {
  return ['-chardev', socketChardev(id, address), '-mon', `chardev=${id},mode=control`]
}

/** A socket that waits for clients: a path, or `tcp:HOST:PORT`. */
function socketChardev(id: string, address: string): string {
  const [, host, port] = /^tcp:([^:]+):(\d+)$/.exec(address) ?? []
  const place =
    host !== undefined && port !== undefined
      ? `host=${host},port=${port}`
      : `path=${escapeValue(checkSocketPath(address))}`
  return `socket,id=${id},${place},server=on,wait=off`
}
