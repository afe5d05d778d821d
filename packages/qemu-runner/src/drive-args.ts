import { QemuRunnerError } from './error.ts'
import { driveFile } from './option-value.ts'
import type { Boot, Disk, Firmware, QemuMachine, QemuOptions } from './qemu-options.ts'

type DiskBoot = Extract<Boot, { disk: string }>

/** Disks, then CD drives. What is booted from comes first among its kind. */
export function driveArgs(options: QemuOptions, machine: QemuMachine): string[] {
  const { boot } = options
  const disks = [...('disk' in boot ? [bootDisk(boot)] : []), ...(options.disks ?? [])]
  const cdroms = [...('cdrom' in boot ? [boot.cdrom] : []), ...(options.cdroms ?? [])]
  return [
    ...disks.map((disk, index) => diskArgs(disk, index, 'disk' in boot && index === 0 ? boot : undefined)),
    // The machine of arm64 has no controller of its own.
    ...(machine === 'virt' && cdroms.length > 0 ? [['-device', 'virtio-scsi-pci,id=scsi']] : []),
    ...cdroms.map((path, index) => cdromArgs(path, index, machine, 'cdrom' in boot && index === 0)),
  ].flat()
}

export function firmwareArgs(
  { code, vars, secureBoot, format = 'raw' }: Firmware,
  machine: QemuMachine,
): string[] {
  if (secureBoot && machine !== 'q35') {
    throw new QemuRunnerError('ROS_QEMU_OPTION', 'machine cannot protect its variables for secure boot', {
      subject: `machine ${machine}`,
      limit: 'q35',
    })
  }
  return [
    ['-machine', secureBoot ? `${machine},smm=on` : machine],
    secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : [],
    ['-drive', `if=pflash,unit=0,format=${format},readonly=on,file=${driveFile(code)}`],
    ['-drive', `if=pflash,unit=1,format=${format},snapshot=on,file=${driveFile(vars)}`],
  ].flat()
}

function bootDisk(boot: DiskBoot): Disk {
  const { disk, format = 'raw', usb: _, ...rest } = boot
  return { path: disk, format, ...rest }
}

function diskArgs(disk: Disk, index: number, boot: DiskBoot | undefined): string[] {
  const flags = `${disk.readOnly ? ',readonly=on' : ''}${disk.snapshot ? ',snapshot=on' : ''}`
  const drive = `if=none,id=disk${index},format=${disk.format}${flags},file=${driveFile(disk.path)}`
  const place = `drive=disk${index}${boot ? ',bootindex=0' : ''}`
  if (!boot?.usb) return ['-drive', drive, '-device', `virtio-blk-pci,${place}`]
  return ['-drive', drive, '-device', 'qemu-xhci', '-device', `usb-storage,${place}`]
}

function cdromArgs(path: string, index: number, machine: QemuMachine, isBoot: boolean): string[] {
  const drive = `if=none,id=cd${index},format=raw,media=cdrom,readonly=on,file=${driveFile(path)}`
  const place = `drive=cd${index},${cdromPlace(index, machine)}${isBoot ? ',bootindex=0' : ''}`
  return ['-drive', drive, '-device', `${machine === 'virt' ? 'scsi-cd' : 'ide-cd'},${place}`]
}

/** q35 has six SATA ports of one drive each, pc has two IDE channels of two. QEMU finds no free one by itself. */
function cdromPlace(index: number, machine: QemuMachine): string {
  if (machine === 'virt') return 'bus=scsi.0'
  const places = machine === 'q35' ? 6 : 4
  if (index >= places) {
    throw new QemuRunnerError('ROS_QEMU_OPTION', 'too many CD drives', {
      subject: `machine ${machine}`,
      limit: `${places} drives`,
    })
  }
  return machine === 'q35' ? `bus=ide.${index}` : `bus=ide.${Math.floor(index / 2)},unit=${index % 2}`
}
