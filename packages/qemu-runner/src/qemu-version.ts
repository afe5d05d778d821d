import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { QemuRunnerError } from './error.ts'

/** The first two numbers of QEMU's version. */
export interface QemuVersion {
  readonly major: number
  readonly minor: number
}

const TIMEOUT_MS = 10_000
const OLDEST: QemuVersion = { major: 7, minor: 0 }
const NEWEST: QemuVersion = { major: 10, minor: 0 }

/**
 * Every option of ours that is not the same in all versions from 7.0: what it was before `since`, and what it is
 * from there on.
 */
const DIFFERENCES = {
  /**
   * `max` signs pointers with QARMA5, which takes TCG most of its time; QEMU's own algorithm became the default in 10.0
   * (system/arm/cpu-features, "pauth-impdef").
   */
  armMaxCpu: { since: { major: 10, minor: 0 }, before: 'max,pauth-impdef=on', after: 'max' },
  /** The hypervisor's interrupt controller loses MSIs of x86 guests; in arm guests, from 11.0, it is the only one. */
  whpxArm: { since: { major: 11, minor: 0 }, before: undefined, after: 'whpx' },
} as const

/** The form of an option in this version; the newest known version's unless said. */
export function byVersion<K extends keyof typeof DIFFERENCES>(
  name: K,
  version: QemuVersion = NEWEST,
): (typeof DIFFERENCES)[K]['before'] | (typeof DIFFERENCES)[K]['after'] {
  const difference: (typeof DIFFERENCES)[K] = DIFFERENCES[name]
  return isBefore(version, difference.since) ? difference.before : difference.after
}

/** Asks the program. Throws `ROS_QEMU_NOT_FOUND`, and `ROS_QEMU_VERSION` for one that is too old or no QEMU. */
export async function probeQemuVersion(program: string): Promise<QemuVersion> {
  const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: TIMEOUT_MS }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw notInstalled(program, cause)
      throw new QemuRunnerError('ROS_QEMU_VERSION', 'does not tell its version', {
        subject: program,
        cause,
        got: cause.message.split('\n')[0] ?? '',
      })
    },
  )
  return readQemuVersion(stdout, program)
}

/** The version in what `qemu-system-x86_64 --version` prints. */
export function readQemuVersion(text: string, program: string): QemuVersion {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(text) ?? []
  const version = { major: Number(major), minor: Number(minor) }
  if (major !== undefined && !isBefore(version, OLDEST)) return version
  throw new QemuRunnerError('ROS_QEMU_VERSION', 'not a QEMU that can be used', {
    subject: program,
    got: text.split('\n')[0]?.slice(0, 100) ?? '',
    limit: `version ${OLDEST.major}.${OLDEST.minor} or newer`,
  })
}

function isBefore(a: QemuVersion, b: QemuVersion): boolean {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor)
}

export function notInstalled(program: string, cause: Error): QemuRunnerError {
  const arm = program.includes('aarch64')
  const name = arm ? 'qemu-system-arm' : 'qemu-system-x86'
  return new QemuRunnerError('ROS_QEMU_NOT_FOUND', 'QEMU is not installed', {
    subject: program,
    cause,
    hint:
      `install it: apt install ${name} (Debian, Ubuntu), dnf install ${arm ? 'qemu-system-aarch64' : name} (Fedora), ` +
      `pacman -S ${arm ? 'qemu-system-aarch64' : name} (Arch), brew install qemu (macOS)`,
  })
}
