import type { QemuCommand } from './command.ts'
import { QemuRunnerError } from './error.ts'
import type { MachineExit } from './machine.ts'
import { notInstalled } from './qemu-version.ts'

const SHOWN_STDERR_LINES = 10

/** What QEMU says (7.2 to 10), and what the user can do about it. */
const HINTS: readonly { readonly message: RegExp; readonly hint: string }[] = [
  {
    message: /Could not set up host forwarding rule/,
    hint: 'the port is taken by another program: choose another one with --port N',
  },
  {
    message: /Failed to get .*lock/,
    hint: 'another machine has this disk image open: end that one first',
  },
  {
    message: /Could not access KVM|failed to initialize kvm|failed to set MSR|kvm_buf_set_msrs/i,
    hint: 'KVM does not work on this machine: use TCG',
  },
  {
    message: /Cannot allocate memory|cannot set up guest memory/,
    hint: 'give the guest less memory: --memory MB',
  },
]

export function exitedError(
  program: string,
  exit: MachineExit | undefined,
  stderr: string,
  consoleLines: readonly string[],
): QemuRunnerError {
  const messages = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-SHOWN_STDERR_LINES)
  const hint = HINTS.find(({ message }) => message.test(stderr))?.hint
  return new QemuRunnerError('ROS_QEMU_EXITED', 'QEMU ended', {
    subject: program,
    got: exit?.signal ? `signal ${exit.signal}` : `exit code ${exit?.code ?? 'unknown'}`,
    lines: [...consoleLines, ...messages],
    ...(hint !== undefined && { hint }),
  })
}

export function spawnError(command: QemuCommand, cause: Error): QemuRunnerError {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return notInstalled(command.program, cause)
  return new QemuRunnerError('ROS_QEMU_NOT_FOUND', `QEMU cannot be started: ${cause.message}`, {
    subject: command.program,
    cause,
  })
}

export function stuckError(program: string, pid: number): QemuRunnerError {
  return new QemuRunnerError('ROS_QEMU_STUCK', 'process does not end, not even by SIGKILL', {
    subject: program,
    got: `process ${pid}`,
    hint: 'the kernel holds it, most likely in a broken KVM: it ends with a restart of this machine',
  })
}
