import type { ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import type { QemuCommand } from './command.ts'
import type { ConsoleLines } from './console-lines.ts'
import { QemuRunnerError } from './error.ts'
import { exitedError, stuckError } from './machine-error.ts'
import type { Qmp } from './qmp.ts'
import { within } from './time-limit.ts'

/** How long each way of ending QEMU may take before the next, harder one. */
const QUIT_STEP_MS = 2_000

/** How QEMU ended. */
export interface MachineExit {
  /** Exit code, or null when a signal ended QEMU. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What a `Machine` is made of: `startMachine` puts it together. */
export interface MachineParts {
  readonly command: QemuCommand
  readonly child: ChildProcess
  readonly console: ConsoleLines
  /** Settles when the process is gone and its output has been read; both fields are null if it never was there. */
  readonly exited: Promise<MachineExit>
  /** Waits until the process runs, then gives its control connection, if the command has a socket. */
  readonly control: (ended: AbortSignal) => Promise<Qmp | undefined>
  /** QEMU's standard error so far. */
  readonly stderr: () => string
  /** Takes back listeners and closes files. */
  readonly release: () => void
}

/** A running QEMU process. It owns the process: `quit`, or leaving its `await using` scope, ends it. */
export class Machine implements AsyncDisposable {
  /** Never rejects. */
  readonly exited: Promise<MachineExit>
  /**
   * Resolves when QEMU runs and its control socket answers; `startMachine` has waited for it. Throws
   * `ROS_QEMU_NOT_FOUND`, `ROS_QEMU_EXITED` with QEMU's message, or `ROS_QEMU_QMP`.
   */
  readonly started: Promise<void>
  readonly #parts: MachineParts
  #qmp: Qmp | undefined
  #exit: MachineExit | undefined
  #startError: QemuRunnerError | undefined
  #quitting: Promise<MachineExit> | undefined

  constructor(parts: MachineParts) {
    this.#parts = parts
    this.exited = this.#watchExit()
    this.started = this.#start()
  }

  get pid(): number | undefined {
    return this.#parts.child.pid
  }

  /** The control connection, when the command has a socket. */
  get qmp(): Qmp | undefined {
    return this.#qmp
  }

  /**
   * The first console line that matches after the one an earlier call gave, printed already or still to come. A line
   * without end is taken when nothing follows it for 0.2 s (a prompt). Throws `ROS_QEMU_CONSOLE_TIMEOUT` with the last
   * console lines, or `ROS_QEMU_EXITED` when QEMU ends first.
   */
  async waitForLine(pattern: RegExp, timeoutMs: number): Promise<string> {
    return await this.#parts.console.waitFor(pattern, timeoutMs)
  }

  /** The last console lines that are not empty, oldest first. */
  lastLines(count?: number): string[] {
    return this.#parts.console.last(count)
  }

  /** Types into the serial console. Only for a machine started with `stdin: 'pipe'`. */
  write(text: string): void {
    const { stdin } = this.#parts.child
    if (!stdin) throw new Error("machine was not started with stdin: 'pipe'")
    stdin.write(text)
  }

  /**
   * Presses the power button and waits until the guest has shut itself down. Throws `ROS_QEMU_POWER_TIMEOUT` with the
   * last console lines; the machine then still runs. Needs a control socket (`ROS_QEMU_QMP` without).
   */
  async powerDown(timeoutMs = 60_000): Promise<MachineExit> {
    if (this.#exit) return this.#exit
    if (!this.#qmp) {
      throw new QemuRunnerError('ROS_QEMU_QMP', 'machine has no control socket', { subject: this.#program })
    }
    // A guest that ends by itself at this moment closes the connection: then it is gone, and all is well.
    const pressed = await this.#qmp.execute('system_powerdown').then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    const exit = await within(this.exited, pressed ? QUIT_STEP_MS : timeoutMs)
    if (exit) return exit
    if (pressed) throw pressed.error
    throw new QemuRunnerError('ROS_QEMU_POWER_TIMEOUT', 'the guest did not power off', {
      subject: this.#program,
      limit: `${timeoutMs / 1000} s`,
      lines: this.lastLines(),
    })
  }

  /**
   * Ends QEMU at once, whatever the guest does: QMP `quit`, then SIGTERM, then SIGKILL, two seconds each. The guest's
   * disks are as after a power cut. Throws `ROS_QEMU_STUCK` when even SIGKILL does not help.
   */
  async quit(): Promise<MachineExit> {
    this.#quitting ??= this.#end()
    return await this.#quitting
  }

  /** Ends QEMU by SIGKILL, without asking it first. Throws `ROS_QEMU_STUCK`. */
  async kill(): Promise<MachineExit> {
    if (!this.#exit) this.#parts.child.kill('SIGKILL')
    const exit = await within(this.exited, QUIT_STEP_MS)
    if (exit) return exit
    throw stuckError(this.#program, this.pid ?? 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.quit()
  }

  /** The error for something that needed the machine after it ended; for those who wait for the guest by other means. */
  exitedError(): QemuRunnerError {
    if (this.#startError) return this.#startError
    const { stderr, console } = this.#parts
    return exitedError(this.#program, this.#exit, stderr(), console.last())
  }

  get #program(): string {
    return this.#parts.command.program
  }

  async #watchExit(): Promise<MachineExit> {
    const { command, console, exited, release } = this.#parts
    const exit = await exited
    this.#exit = exit
    this.#qmp?.close()
    release()
    // A killed QEMU leaves its socket behind. One that cannot be removed is harmless: the next QEMU replaces it.
    if (command.qmpSocket !== undefined) await rm(command.qmpSocket, { force: true }).catch(() => undefined)
    console.end(() => this.exitedError())
    return exit
  }

  async #start(): Promise<void> {
    const ended = new AbortController()
    void this.exited.then(() => ended.abort())
    try {
      this.#qmp = await this.#parts.control(ended.signal)
      if (this.#exit) this.#qmp?.close()
    } catch (error) {
      if (!(error instanceof QemuRunnerError) && !ended.signal.aborted) throw error
      if (error instanceof QemuRunnerError && error.code === 'ROS_QEMU_NOT_FOUND') this.#startError = error
      // A QEMU that refuses its command line may close the socket a moment before it is gone.
      const gone = await within(this.exited, QUIT_STEP_MS)
      if (gone) throw this.exitedError()
      this.#startError = error as QemuRunnerError
      await this.quit()
      throw error
    }
  }

  async #end(): Promise<MachineExit> {
    const { child } = this.#parts
    const steps = [
      // QEMU may close the connection before it answers, so only its end counts.
      ...(this.#qmp ? [() => void this.#qmp?.execute('quit').catch(() => undefined)] : []),
      () => void child.kill('SIGTERM'),
    ]
    for (const step of steps) {
      if (!this.#exit) step()
      const exit = await within(this.exited, QUIT_STEP_MS)
      if (exit) return exit
    }
    return await this.kill()
  }
}
