import { QemuRunnerError } from './error.ts'
import type { Firmware, QemuArch } from './qemu-options.ts'

/** What `findFirmware` looks at: the host's files. */
export interface FirmwareHost {
  /** Whether a file is there. */
  readonly exists: (path: string) => boolean
}

type Pair = readonly [code: string, vars: string]

/** Where distributions put OVMF and AAVMF: Debian and Ubuntu, Fedora, Arch, openSUSE, Homebrew (arm, Intel). */
const PLACES: Readonly<Record<'x86_64' | 'x86_64 secure boot' | 'aarch64', readonly Pair[]>> = {
  x86_64: [
    ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
    ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
    ['/usr/share/edk2/ovmf/OVMF_CODE_4M.qcow2', '/usr/share/edk2/ovmf/OVMF_VARS_4M.qcow2'],
    ['/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'],
    ['/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'],
    ['/usr/share/qemu/ovmf-x86_64-4m-code.bin', '/usr/share/qemu/ovmf-x86_64-4m-vars.bin'],
    ['/opt/homebrew/share/qemu/edk2-x86_64-code.fd', '/opt/homebrew/share/qemu/edk2-i386-vars.fd'],
    ['/usr/local/share/qemu/edk2-x86_64-code.fd', '/usr/local/share/qemu/edk2-i386-vars.fd'],
  ],
  'x86_64 secure boot': [
    ['/usr/share/OVMF/OVMF_CODE_4M.ms.fd', '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'],
    ['/usr/share/OVMF/OVMF_CODE.ms.fd', '/usr/share/OVMF/OVMF_VARS.ms.fd'],
    ['/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2', '/usr/share/edk2/ovmf/OVMF_VARS_4M.secboot.qcow2'],
    ['/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd'],
    ['/usr/share/qemu/ovmf-x86_64-smm-ms-code.bin', '/usr/share/qemu/ovmf-x86_64-smm-ms-vars.bin'],
  ],
  aarch64: [
    ['/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/AAVMF/AAVMF_VARS.fd'],
    ['/usr/share/edk2/aarch64/QEMU_EFI-pflash.qcow2', '/usr/share/edk2/aarch64/vars-template-pflash.qcow2'],
    ['/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw', '/usr/share/edk2/aarch64/vars-template-pflash.raw'],
    ['/usr/share/edk2/aarch64/QEMU_CODE.fd', '/usr/share/edk2/aarch64/QEMU_VARS.fd'],
    ['/opt/homebrew/share/qemu/edk2-aarch64-code.fd', '/opt/homebrew/share/qemu/edk2-arm-vars.fd'],
    ['/usr/local/share/qemu/edk2-aarch64-code.fd', '/usr/local/share/qemu/edk2-arm-vars.fd'],
  ],
}

/**
 * The UEFI firmware of this host. Throws `ROS_QEMU_FIRMWARE` when none is installed where distributions put it, and
 * `ROS_QEMU_OPTION` for secure boot on arm64, whose machine has no protected variables.
 */
export function findFirmware(arch: QemuArch, secureBoot: boolean, host: FirmwareHost): Firmware {
  if (arch === 'aarch64' && secureBoot) {
    throw new QemuRunnerError('ROS_QEMU_OPTION', 'secure boot is not there for this architecture', {
      subject: arch,
      limit: 'x86_64',
    })
  }
  const places = PLACES[secureBoot ? 'x86_64 secure boot' : arch]
  const found = places.find(([code, vars]) => host.exists(code) && host.exists(vars))
  if (found) {
    const [code, vars] = found
    const format = code.endsWith('.qcow2') ? 'qcow2' : 'raw'
    return { code, vars, ...(format === 'qcow2' && { format }), ...(secureBoot && { secureBoot }) }
  }
  throw new QemuRunnerError('ROS_QEMU_FIRMWARE', 'no UEFI firmware is installed', {
    subject: secureBoot ? `${arch} with secure boot` : arch,
    limit: places.map(([code]) => code).join(', '),
    hint:
      arch === 'aarch64'
        ? 'install it: apt install qemu-efi-aarch64 (Debian, Ubuntu), dnf install edk2-aarch64 (Fedora), brew install qemu (macOS)'
        : 'install it: apt install ovmf (Debian, Ubuntu), dnf install edk2-ovmf (Fedora), pacman -S edk2-ovmf (Arch), brew install qemu (macOS)',
  })
}
