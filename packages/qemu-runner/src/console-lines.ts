import { QemuRunnerError } from './error.ts'

/** Lines kept for waits that begin after the line came, and for error messages. */
const HISTORY_LINES = 10_000
/** A line longer than this is cut into several, so that a guest that never ends its line takes no memory. */
const LINE_CHARACTERS = 65_536
/** A last line without end counts as a line (a prompt) when nothing came for so long. */
const QUIET_MS = 200
/** Lines shown in errors. */
const SHOWN_LINES = 30

interface Waiter {
  readonly pattern: RegExp
  /** Number of the first line that was not looked at yet. */
  next: number
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

/**
 * The text of a serial console as lines, without carriage returns and terminal control sequences. Lines are counted
 * from 0; the last one may still be growing.
 */
export class ConsoleLines {
  readonly #decoder = new TextDecoder()
  readonly #waiters = new Set<Waiter>()
  readonly #lines: string[] = []
  #firstNumber = 0
  #rest = ''
  #cursor = 0
  #quiet = true
  #quietTimer: NodeJS.Timeout | undefined
  #endError: (() => Error) | undefined

  /** Takes the next bytes and gives them as text, unchanged. */
  push(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes, { stream: true })
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.#addLine(part)
    while (this.#rest.length > LINE_CHARACTERS) {
      this.#addLine(this.#rest.slice(0, LINE_CHARACTERS))
      this.#rest = this.#rest.slice(LINE_CHARACTERS)
    }
    this.#quiet = false
    clearTimeout(this.#quietTimer)
    this.#quietTimer = setTimeout(() => this.#pause(), QUIET_MS)
    this.#serve()
    return text
  }

  /** No more bytes come: open and later waits fail with this error unless their line is there already. */
  end(error: () => Error): void {
    this.#pause()
    this.#endError = error
    for (const waiter of this.#waiters) waiter.reject(error())
  }

  /** The last lines, empty ones left out. */
  last(count = SHOWN_LINES): string[] {
    return [...this.#lines, plainText(this.#rest)].filter((line) => line.trim() !== '').slice(-count)
  }

  /**
   * The first line that matches and comes after the line that an earlier wait gave; it may be there already. A line
   * without end is taken when nothing follows it for 0.2 s (a prompt). Throws `ROS_QEMU_CONSOLE_TIMEOUT` with the last
   * lines.
   */
  async waitFor(given: RegExp, timeoutMs: number): Promise<string> {
    // A global or sticky pattern would remember where it matched last.
    const pattern = new RegExp(given.source, given.flags.replaceAll(/[gy]/g, ''))
    const present = this.#find({ pattern, next: this.#cursor })
    if (present !== undefined) return present
    if (this.#endError) throw this.#endError()
    let waiter: Waiter | undefined
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<string>((resolve, reject) => {
        waiter = { pattern, next: this.#cursor, resolve, reject }
        this.#waiters.add(waiter)
        timer = setTimeout(() => reject(this.#timeoutError(given, timeoutMs)), timeoutMs)
      })
    } finally {
      clearTimeout(timer)
      if (waiter) this.#waiters.delete(waiter)
    }
  }

  #pause(): void {
    clearTimeout(this.#quietTimer)
    this.#quiet = true
    this.#serve()
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      const line = this.#find(waiter)
      if (line !== undefined) waiter.resolve(line)
    }
  }

  #timeoutError(pattern: RegExp, timeoutMs: number): QemuRunnerError {
    const lines = this.last()
    return new QemuRunnerError('ROS_QEMU_CONSOLE_TIMEOUT', 'the line did not come', {
      subject: `console ${pattern}`,
      ...(lines.length === 0 && { got: 'no line at all' }),
      limit: `${timeoutMs / 1000} s`,
      hint: 'without KVM a boot takes several times as long: give it more time, or look for an error in the lines above',
      lines,
    })
  }

  #addLine(text: string): void {
    this.#lines.push(plainText(text))
    if (this.#lines.length <= HISTORY_LINES) return
    this.#lines.shift()
    this.#firstNumber++
  }

  #find(wanted: Pick<Waiter, 'pattern' | 'next'>): string | undefined {
    const start = Math.max(wanted.next - this.#firstNumber, 0)
    wanted.next = this.#firstNumber + this.#lines.length
    const end = this.#lines.length + (this.#quiet && this.#rest !== '' ? 1 : 0)
    for (let index = start; index < end; index++) {
      const line = this.#lines[index] ?? plainText(this.#rest)
      if (!wanted.pattern.test(line)) continue
      this.#cursor = Math.max(this.#cursor, this.#firstNumber + index + 1)
      return line
    }
    return undefined
  }
}

/** Text without what moves the cursor or colours it (ECMA-48 §5.4: control sequences and strings) and other controls. */
export function plainText(text: string): string {
  return text
    .replaceAll(/\x1b\[[0-?]*[ -/]*[@-~]/g, '')
    .replaceAll(/\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)/g, '')
    .replaceAll(/\x1b[ -/]*[0-~]/g, '')
    .replaceAll(/[\0-\x08\x0b-\x1f\x7f]/g, '')
}
