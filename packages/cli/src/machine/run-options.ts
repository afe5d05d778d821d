import type { Argv } from 'yargs'
import { artifactsOption } from '../artifacts-option.ts'
import { inputsOption } from '../inputs-option.ts'
import { wholeNumber } from '../number-option.ts'
import { nameOption } from './name-option.ts'

const flag = (describe: string, fallback = false) =>
  ({ type: 'boolean', default: fallback, describe }) as const
const text = (describe: string) => ({ type: 'string', describe, requiresArg: true }) as const
const many = (describe: string) =>
  ({ type: 'string', array: true, nargs: 1, default: [] as string[], describe }) as const

/** Every option of `run`. docs/run.md has upstream's flags and their place here. */
export function runOptions(parser: Argv) {
  return inputsOption(nameOption(artifactsOption(parser)))
    .option('ssh', flag('log in; power off when the session ends'))
    .option('detach', { ...flag('leave the machine running, and return'), alias: 'd' })
    .option('console', flag('with --ssh: show the console until ssh answers'))
    .option('fresh', flag('begin with empty disks and a new host key'))
    .option('rebuild', flag('build first'))
    .option('iso', flag('boot rancheros.iso as a CD'))
    .option('disk', {
      type: 'string',
      describe: 'boot a copy of this disk image, raw or qcow2',
      requiresArg: true,
    })
    .option('boothd', flag("boot the machine's own disk, as after an installation"))
    .option('pxe', flag('boot from the network: iPXE, with vmlinuz and initrd by TFTP'))
    .option('resizehd', text('grow the first disk to this size: 20G'))
    .option('second-drive', flag('a second disk of 10 GB'))
    .option('uefi', flag('UEFI firmware in place of the BIOS'))
    .option('secure-boot', flag("UEFI with secure boot and Microsoft's keys"))
    .option('append', many('more kernel arguments'))
    .option('append-init', many('arguments behind ` -- `, for init, hidden from /proc/cmdline'))
    .option('format', flag('let the machine format its blank disk', true))
    .option('rm-usr', flag("drop the disk's copy of /usr (rancher.rm_usr)"))
    .option('cloud-config', text('cloud-config file, handed over on a CD'))
    .option('cloud-config-iso', text('the same'))
    .option('cloud-config-fat', text('the same on a FAT disk'))
    .option('cloud-config-9p', text('the same in a shared folder'))
    .option('accel', {
      choices: ['auto', 'kvm', 'hvf', 'whpx', 'tcg'] as const,
      default: 'auto' as const,
      describe: 'what runs the guest; auto proves it first',
    })
    .option('kvm', flag('--accel kvm'))
    .option('arch', {
      choices: ['amd64', 'arm64'] as const,
      default: 'amd64' as const,
      describe: 'architecture of the machine',
    })
    .option('memory', { ...number('megabytes', 2048), coerce: wholeNumber('memory', 64, 1e6) })
    .option('cpus', { ...number('processors', 2), coerce: wholeNumber('cpus', 1, 255) })
    .option('port', { ...many('PORT of ssh, or [ADDRESS:]PORT:GUEST_PORT[/udp]'), alias: 'p' })
    .option('network', {
      type: 'string',
      default: 'user',
      describe: 'user, none, tap:INTERFACE or bridge:BRIDGE; --no-network is none',
      // yargs reads --no-network as false.
      coerce: (value: string | false) => (value === false ? 'none' : value),
    })
    .option('nic', many('one more card: user, tap:IF, bridge:BR, hub:N, then ,mac=… ,model=…'))
    .option('gui', flag('show the screen in a window'))
    .option('vnc', { type: 'string', describe: 'serve the screen by VNC: a display number, or on a socket' })
    .option('timeout', {
      ...number('seconds to wait for ssh', 300),
      coerce: wholeNumber('timeout', 1, 86_400),
    })
    .option('qemu', text('QEMU program in place of the one on PATH'))
    .option('timeline', text('write a picture of the boot to this HTML file'))
    .option('dry-run', flag('print the QEMU command and do nothing'))
    .group(
      ['iso', 'disk', 'boothd', 'pxe', 'uefi', 'secure-boot', 'append', 'append-init', 'rebuild', 'out'],
      'What is booted:',
    )
    .group(
      [
        'fresh',
        'format',
        'rm-usr',
        'resizehd',
        'second-drive',
        'cloud-config',
        'cloud-config-iso',
        'cloud-config-fat',
        'cloud-config-9p',
      ],
      'Disks and configuration:',
    )
    .group(['arch', 'accel', 'kvm', 'memory', 'cpus', 'port', 'network', 'nic', 'qemu'], 'The machine:')
    .group(
      ['name', 'ssh', 'detach', 'console', 'gui', 'vnc', 'timeout', 'timeline', 'dry-run'],
      'How it is run:',
    )
}

function number(describe: string, fallback: number) {
  return { type: 'number', default: fallback, describe, requiresArg: true } as const
}
