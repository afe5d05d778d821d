import { once } from 'node:events'
import type { ProgressSink } from '@ros/distro'
import type { Terminal } from './print.ts'
import { plainProgress, taskList } from './progress.ts'

export interface OutputOptions {
  readonly stdout: NodeJS.WritableStream
  readonly terminal: Terminal
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** Progress may be drawn: standard error is a terminal that somebody looks at. */
  readonly live?: boolean
}

/** Where commands speak: results on standard output, everything else on standard error. */
export class Output {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly stdout: NodeJS.WritableStream
  readonly terminal: Terminal
  readonly #live: boolean

  constructor({ stdout, terminal, json, quiet, verbose, live = false }: OutputOptions) {
    this.#live = live
    this.stdout = stdout
    this.terminal = terminal
    this.json = json
    this.quiet = quiet
    this.verbose = verbose
  }

  /** Writes a result, and waits for a reader that is slow. */
  async print(data: string | Uint8Array): Promise<void> {
    if (!this.stdout.write(data)) await once(this.stdout, 'drain')
  }

  async printJson(value: unknown): Promise<void> {
    await this.print(`${JSON.stringify(value, undefined, 2)}\n`)
  }

  /** A line that tells what happens; `--quiet` leaves it out. */
  note(line: string): void {
    if (!this.quiet) this.terminal.stderr.write(`${line}\n`)
  }

  /** A line that the user must see. */
  warn(line: string): void {
    this.terminal.stderr.write(`warning: ${line}\n`)
  }

  /** A line for whoever wants to know more: `--verbose`. */
  detail(line: string): void {
    if (this.verbose) this.terminal.stderr.write(`${line}\n`)
  }

  /** Runs work that tells its progress; nothing of it stays unfinished on the terminal. */
  async withProgress<T>(work: (sink: ProgressSink) => Promise<T>): Promise<T> {
    if (this.quiet) return work(() => undefined)
    const printer = this.#live ? taskList(this.terminal) : plainProgress(this.terminal, this.verbose)
    let failed = true
    try {
      const result = await work(printer.sink)
      failed = false
      return result
    } finally {
      await printer.end(failed)
    }
  }
}
