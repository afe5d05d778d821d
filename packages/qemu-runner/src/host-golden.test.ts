// The command line of `run` on each kind of host and version of QEMU: what differs, in full.
import { expect, test } from 'vitest'
import { formatCommand, type QemuOptions, type QemuVersion, qemuCommand } from './index.ts'
import { readQemuVersion } from './qemu-version.ts'

const v = (major: number, minor: number): QemuVersion => ({ major, minor })
const VERSIONS = [v(7, 0), v(7, 2), v(8, 2), v(9, 2), v(10, 0), v(10, 2)].map((version) => ({
  version,
  text: `${version.major}.${version.minor}`,
}))

const machine = {
  memoryMb: 2048,
  cpus: 2,
  boot: { kernel: 'vmlinuz', initrd: 'initrd', append: 'quiet' },
  disks: [{ path: 'state.qcow2', format: 'qcow2' }],
  cdroms: ['cloud-config.iso'],
  network: { forwards: [{ hostPort: 2222, guestPort: 22 }], hostname: 'rancher' },
} as const

const lines = (options: QemuOptions) =>
  formatCommand(qemuCommand(options)).replaceAll(' -', '\n-').split('\n')

interface HostPart {
  readonly machine: string
  readonly accel: string
  readonly cpu: string
  readonly cd: readonly string[]
  readonly graphics: readonly string[]
  readonly control?: readonly string[]
}

/** The whole command, with what is the host's in its place. */
const whole = (arch: 'x86_64' | 'aarch64', { machine, accel, cpu, cd, graphics, control }: HostPart) => [
  `qemu-system-${arch}`,
  '-no-user-config',
  '-nodefaults',
  '-display none',
  '-serial stdio',
  `-machine ${machine}`,
  `-accel ${accel}`,
  `-cpu ${cpu}`,
  '-m 2048',
  '-smp 2',
  ...graphics,
  '-kernel vmlinuz',
  '-initrd initrd',
  '-append quiet',
  '-drive if=none,id=disk0,format=qcow2,file=state.qcow2',
  '-device virtio-blk-pci,drive=disk0',
  ...cd,
  '-netdev user,id=net0,hostname=rancher,hostfwd=tcp:127.0.0.1:2222-:22',
  '-device virtio-net-pci,netdev=net0,romfile=',
  '-device virtio-rng-pci',
  ...(control ?? []),
]

const q35 = {
  machine: 'q35',
  graphics: ['-vga none'],
  cd: [
    '-drive if=none,id=cd0,format=raw,media=cdrom,readonly=on,file=cloud-config.iso',
    '-device ide-cd,drive=cd0,bus=ide.0',
  ],
}
const virt = {
  machine: 'virt',
  graphics: [],
  cd: [
    '-device virtio-scsi-pci,id=scsi',
    '-drive if=none,id=cd0,format=raw,media=cdrom,readonly=on,file=cloud-config.iso',
    '-device scsi-cd,drive=cd0,bus=scsi.0',
  ],
}
const socket = (path: string) => [
  `-chardev socket,id=qmp,path=${path},server=on,wait=off`,
  '-mon chardev=qmp,mode=control',
]

test.each(VERSIONS)('QEMU $text: Linux KVM, macOS HVF on Intel, TCG', ({ version }) => {
  const on = (accelerator: 'kvm' | 'hvf' | 'tcg') =>
    lines({ ...machine, accelerator, version, qmpSocket: '/s/qmp' })
  const control = socket('/s/qmp')
  expect(on('kvm')).toEqual(whole('x86_64', { ...q35, accel: 'kvm', cpu: 'host', control }))
  expect(on('hvf')).toEqual(whole('x86_64', { ...q35, accel: 'hvf', cpu: 'host', control }))
  expect(on('tcg')).toEqual(whole('x86_64', { ...q35, accel: 'tcg,thread=multi', cpu: 'max', control }))
})

test.each(VERSIONS)('QEMU $text: Windows WHPX, control by TCP on loopback', ({ version }) => {
  const options = { ...machine, accelerator: 'whpx', version, qmpSocket: 'tcp:127.0.0.1:4444' } as const
  const control = [
    '-chardev socket,id=qmp,host=127.0.0.1,port=4444,server=on,wait=off',
    '-mon chardev=qmp,mode=control',
  ]
  expect(lines(options)).toEqual(
    whole('x86_64', { ...q35, accel: 'whpx,kernel-irqchip=off', cpu: 'qemu64', control }),
  )
})

test.each(VERSIONS)('QEMU $text: arm64 guests, macOS HVF, Linux KVM and TCG', ({ version }) => {
  const on = (accelerator: 'kvm' | 'hvf' | 'tcg') =>
    lines({ ...machine, arch: 'aarch64', accelerator, version })
  expect(on('hvf')).toEqual(whole('aarch64', { ...virt, accel: 'hvf', cpu: 'host' }))
  expect(on('kvm')).toEqual(whole('aarch64', { ...virt, accel: 'kvm', cpu: 'host' }))
  const cpu = version.major < 10 ? 'max,pauth-impdef=on' : 'max'
  expect(on('tcg')).toEqual(whole('aarch64', { ...virt, accel: 'tcg,thread=multi', cpu }))
})

test('WHPX runs arm64 guests from version 11 on', () => {
  const options = { ...machine, arch: 'aarch64', accelerator: 'whpx' } as const
  expect(() => qemuCommand({ ...options, version: v(10, 2) })).toThrow(
    expect.objectContaining({ code: 'ROS_QEMU_OPTION' }),
  )
  expect(lines({ ...options, version: v(11, 0) })).toEqual(
    whole('aarch64', { ...virt, accel: 'whpx', cpu: 'max' }),
  )
})

test('windows, VNC, serial socket, folders, cards of every kind, netboot', () => {
  const base = { accelerator: 'tcg', memoryMb: 64, cpus: 1 } as const
  const part = (options: Partial<QemuOptions>) =>
    lines({ ...base, boot: { kernel: 'k' }, network: 'none', ...options }).filter(
      (line) =>
        !/^(qemu|-(no-|nodefaults|machine|accel|cpu|m|smp|kernel)\b)/.test(line) && !line.includes('rng'),
    )
  expect(part({ display: { window: 'gtk' } })).toEqual(['-display gtk', '-serial stdio', '-vga std'])
  expect(part({ display: { vnc: { socket: '/s,1' } } })[0]).toBe('-display vnc=unix:/s,,1')
  expect(part({ display: { vnc: { display: 3 } } })[0]).toBe('-display vnc=127.0.0.1:3')
  expect(part({ arch: 'aarch64', display: { window: 'cocoa' } })).toEqual([
    '-display cocoa',
    '-serial stdio',
    '-device virtio-gpu-pci',
    '-device qemu-xhci',
    '-device usb-kbd',
    '-device usb-tablet',
  ])
  expect(part({ serial: { socket: '/s/console', log: '/l,og' }, controlSocket: '/s/c' })).toEqual([
    '-display none',
    '-chardev socket,id=serial,path=/s/console,server=on,wait=off,logfile=/l,,og,logappend=off',
    '-serial chardev:serial',
    '-vga none',
    '-chardev socket,id=control,path=/s/c,server=on,wait=off',
    '-mon chardev=control,mode=control',
  ])
  expect(part({ shares: [{ path: '/c', tag: 'config-2' }], paused: true }).slice(3)).toEqual([
    '-fsdev local,id=share0,path=/c,security_model=none,readonly=on',
    '-device virtio-9p-pci,fsdev=share0,mount_tag=config-2',
    '-S',
  ])
  expect(
    part({
      network: [
        { kind: 'tap', interface: 'tap0', mac: '52:54:00:00:00:01' },
        { kind: 'bridge', bridge: 'br0', model: 'e1000' },
        { kind: 'hub', hub: 7 },
        { kind: 'user', forwards: [{ hostPort: 53, guestPort: 53, protocol: 'udp' }] },
      ],
    }).slice(3),
  ).toEqual([
    '-netdev tap,id=net0,ifname=tap0,script=no,downscript=no',
    '-device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01,romfile=',
    '-netdev bridge,id=net1,br=br0',
    '-device e1000,netdev=net1,romfile=',
    '-netdev hubport,id=net2,hubid=7',
    '-device virtio-net-pci,netdev=net2,romfile=',
    '-netdev user,id=net3,hostfwd=udp:127.0.0.1:53-:53',
    '-device virtio-net-pci,netdev=net3,romfile=',
  ])
  const tftp = { folder: '/t', bootFile: 'boot.ipxe' }
  expect(part({ boot: { network: true }, network: { tftp } }).slice(2)).toEqual([
    '-vga std',
    '-boot strict=on',
    '-netdev user,id=net0,tftp=/t,bootfile=boot.ipxe',
    '-device virtio-net-pci,netdev=net0,bootindex=0',
  ])
})

test.each([
  ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright', v(7, 2)],
  ['QEMU emulator version 10.0.2', v(10, 0)],
])('reads %j', (text, version) => {
  expect(readQemuVersion(text, 'qemu')).toEqual(version)
})

test.each(['QEMU emulator version 6.2.0', 'hello', ''])('refuses %j', (text) => {
  expect(() => readQemuVersion(text, 'qemu')).toThrow(expect.objectContaining({ code: 'ROS_QEMU_VERSION' }))
})
