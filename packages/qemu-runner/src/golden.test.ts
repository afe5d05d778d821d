import { expect, test } from 'vitest'
import { formatCommand, type QemuOptions, qemuCommand } from './index.ts'

const base: QemuOptions = {
  accelerator: 'tcg',
  memoryMb: 2048,
  cpus: 2,
  boot: { kernel: '/a/vmlinuz', initrd: '/a/initrd', append: 'console=ttyS0 quiet' },
}

const lines = (options: QemuOptions) =>
  formatCommand(qemuCommand(options)).replaceAll(' -', '\n-').split('\n')

const hygiene = ['-no-user-config', '-nodefaults', '-display none', '-serial stdio']
const network = [
  '-netdev user,id=net0',
  '-device virtio-net-pci,netdev=net0,romfile=',
  '-device virtio-rng-pci',
]

test('run: kernel, state disk, cloud-config CD, ssh port, control socket', () => {
  const options: QemuOptions = {
    ...base,
    disks: [{ path: '/p/state.qcow2', format: 'qcow2' }],
    cdroms: ['/p/cloud-config.iso'],
    network: { forwards: [{ hostPort: 2222, guestPort: 22 }], hostname: 'rancher' },
    qmpSocket: '/p/qmp',
  }
  expect(lines(options)).toEqual([
    'qemu-system-x86_64',
    ...hygiene,
    '-machine q35',
    '-accel tcg,thread=multi',
    '-cpu max',
    '-m 2048',
    '-smp 2',
    '-vga none',
    '-kernel /a/vmlinuz',
    '-initrd /a/initrd',
    "-append 'console=ttyS0 quiet'",
    '-drive if=none,id=disk0,format=qcow2,file=/p/state.qcow2',
    '-device virtio-blk-pci,drive=disk0',
    '-drive if=none,id=cd0,format=raw,media=cdrom,readonly=on,file=/p/cloud-config.iso',
    '-device ide-cd,drive=cd0,bus=ide.0',
    '-netdev user,id=net0,hostname=rancher,hostfwd=tcp:127.0.0.1:2222-:22',
    '-device virtio-net-pci,netdev=net0,romfile=',
    '-device virtio-rng-pci',
    '-chardev socket,id=qmp,path=/p/qmp,server=on,wait=off',
    '-mon chardev=qmp,mode=control',
  ])
  expect(qemuCommand(options).qmpSocket).toBe('/p/qmp')
})

test('run --iso under KVM on the older machine: boots from the CD, which is the first drive', () => {
  const options: QemuOptions = {
    ...base,
    accelerator: 'kvm',
    machine: 'pc',
    noReboot: true,
    boot: { cdrom: 'rancheros.iso' },
    cdroms: ['cloud.iso'],
    disks: [{ path: 'state.img', format: 'raw', snapshot: true }],
  }
  expect(lines(options)).toEqual([
    'qemu-system-x86_64',
    ...hygiene,
    '-machine pc',
    '-accel kvm',
    '-cpu host',
    '-m 2048',
    '-smp 2',
    '-vga std',
    '-boot strict=on',
    '-drive if=none,id=disk0,format=raw,snapshot=on,file=state.img',
    '-device virtio-blk-pci,drive=disk0',
    '-drive if=none,id=cd0,format=raw,media=cdrom,readonly=on,file=rancheros.iso',
    '-device ide-cd,drive=cd0,bus=ide.0,unit=0,bootindex=0',
    '-drive if=none,id=cd1,format=raw,media=cdrom,readonly=on,file=cloud.iso',
    '-device ide-cd,drive=cd1,bus=ide.0,unit=1',
    ...network,
    '-no-reboot',
  ])
})

test('the ISO as a disk under HVF: the boot disk comes before the others', () => {
  const options: QemuOptions = {
    ...base,
    accelerator: 'hvf',
    program: '/opt/qemu',
    boot: { disk: 'rancheros.iso', readOnly: true },
    disks: [{ path: 'state.qcow2', format: 'qcow2' }],
    network: 'none',
    extra: ['-S'],
  }
  expect(lines(options)).toEqual([
    '/opt/qemu',
    ...hygiene,
    '-machine q35',
    '-accel hvf',
    '-cpu host',
    '-m 2048',
    '-smp 2',
    '-vga std',
    '-boot strict=on',
    '-drive if=none,id=disk0,format=raw,readonly=on,file=rancheros.iso',
    '-device virtio-blk-pci,drive=disk0,bootindex=0',
    '-drive if=none,id=disk1,format=qcow2,file=state.qcow2',
    '-device virtio-blk-pci,drive=disk1',
    '-device virtio-rng-pci',
    '-S',
  ])
})

test('the ISO as a USB stick under UEFI with secure boot', () => {
  const options: QemuOptions = {
    ...base,
    boot: { disk: 'rancheros.iso', usb: true, readOnly: true },
    firmware: { code: '/f/OVMF_CODE_4M.ms.fd', vars: '/f/OVMF_VARS_4M.ms.fd', secureBoot: true },
    disks: [{ path: 'state.qcow2', format: 'qcow2' }],
    network: 'none',
  }
  expect(lines(options)).toEqual([
    'qemu-system-x86_64',
    ...hygiene,
    '-machine q35,smm=on',
    '-global driver=cfi.pflash01,property=secure,value=on',
    '-drive if=pflash,unit=0,format=raw,readonly=on,file=/f/OVMF_CODE_4M.ms.fd',
    '-drive if=pflash,unit=1,format=raw,snapshot=on,file=/f/OVMF_VARS_4M.ms.fd',
    '-accel tcg,thread=multi',
    '-cpu max',
    '-m 2048',
    '-smp 2',
    '-vga std',
    '-boot strict=on',
    '-drive if=none,id=disk0,format=raw,readonly=on,file=rancheros.iso',
    '-device qemu-xhci',
    '-device usb-storage,drive=disk0,bootindex=0',
    '-drive if=none,id=disk1,format=qcow2,file=state.qcow2',
    '-device virtio-blk-pci,drive=disk1',
    '-device virtio-rng-pci',
  ])
})

test('the ISO as a CD under UEFI on the older machine', () => {
  const firmware = { code: 'code, old.fd', vars: 'vars.fd' }
  const args = lines({ ...base, machine: 'pc', boot: { cdrom: 'a.iso' }, firmware })
  expect(args).toContain('-machine pc')
  expect(args).toContain("-drive 'if=pflash,unit=0,format=raw,readonly=on,file=code,, old.fd'")
  expect(args.some((arg) => arg.includes('smm'))).toBe(false)
})
