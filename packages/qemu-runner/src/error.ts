/** Stable codes of a `QemuRunnerError`. */
export type QemuRunnerErrorCode =
  | 'ROS_QEMU_OPTION' // an option of ours is outside what QEMU takes
  | 'ROS_QEMU_NOT_FOUND' // the QEMU program is not installed
  | 'ROS_QEMU_VERSION' // the QEMU program is too old, or something else
  | 'ROS_QEMU_ACCELERATOR' // the accelerator that was asked for does not run a guest
  | 'ROS_QEMU_FIRMWARE' // no UEFI firmware is installed
  | 'ROS_QEMU_CONSOLE_BUSY' // somebody else is on the machine's console
  | 'ROS_QEMU_EXITED' // QEMU ended before what was waited for
  | 'ROS_QEMU_CONSOLE_TIMEOUT' // the awaited line did not come in time
  | 'ROS_QEMU_POWER_TIMEOUT' // the guest did not power off in time
  | 'ROS_QEMU_STUCK' // the process outlived SIGKILL
  | 'ROS_QEMU_QMP' // QEMU's control socket refused a command, or did not answer
  | 'ROS_QEMU_SOCKET_IN_USE' // another machine runs with this control socket
  | 'ROS_QEMU_PORT_IN_USE' // something else listens on the port
  | 'ROS_QEMU_PORT_DENIED' // the system does not let this user listen on the port
  | 'ROS_SSH_KEY' // a key file that cannot be read as a private key
  | 'ROS_SSH_TIMEOUT' // no ssh session within the time limit
  | 'ROS_SSH_HOST_KEY' // the machine shows another host key than the one recorded
  | 'ROS_SSH_AUTH' // the machine refuses the user's key
  | 'ROS_SSH_CLOSED' // the connection ended before the command did
  | 'ROS_SSH_OUTPUT' // a captured command printed more than the caller allowed

/** Facts of a `QemuRunnerError`. */
export interface QemuRunnerErrorDetail {
  /** What was being run or asked for: a program, an option, an address. */
  readonly subject: string
  readonly got?: string
  readonly limit?: string
  /** What the user can do about it. */
  readonly hint?: string
  /** The last lines of the console, or what QEMU wrote to its standard error; shown below the message. */
  readonly lines?: readonly string[]
  readonly cause?: unknown
}

/**
 * Every error a user can cause or meet here. Shape as all errors of the kit: `code` is stable, the first line of the
 * message reads `subject: problem, got … (limit)`; `lines` follow it, one a line, indented.
 */
export class QemuRunnerError extends Error {
  readonly code: QemuRunnerErrorCode
  readonly subject: string
  readonly got: string | undefined
  readonly limit: string | undefined
  readonly hint: string | undefined
  readonly lines: readonly string[]

  constructor(code: QemuRunnerErrorCode, problem: string, detail: QemuRunnerErrorDetail) {
    const got = detail.got === undefined ? '' : `, got ${detail.got}`
    const limit = detail.limit === undefined ? '' : ` (${detail.limit})`
    const lines = (detail.lines ?? []).map((line) => `\n  ${line}`).join('')
    super(
      `${detail.subject}: ${problem}${got}${limit}${lines}`,
      detail.cause === undefined ? {} : { cause: detail.cause },
    )
    this.name = 'QemuRunnerError'
    this.code = code
    this.subject = detail.subject
    this.got = detail.got
    this.limit = detail.limit
    this.hint = detail.hint
    this.lines = detail.lines ?? []
  }
}
