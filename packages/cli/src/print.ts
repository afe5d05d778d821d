import type { Progress, ProgressSink } from '@ros/distro'
import { codeOf } from './exit-code.ts'

/** Where lines go: standard error for what happens, standard output for results. */
export interface Terminal {
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

/** Prints an error as message, hint and code; a bug (no code of ours) with its stack. */
export function printError(error: unknown, terminal: Terminal): void {
  const code = codeOf(error)
  if (!(error instanceof Error) || code === undefined) {
    const stack = error instanceof Error ? error.stack : String(error)
    terminal.stderr.write(`rancheros-kit: this is a bug in the kit, please report it:\n${stack}\n`)
    return
  }
  terminal.stderr.write(`rancheros-kit: error: ${error.message}\n`)
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
  if (hint) terminal.stderr.write(`  hint: ${hint}\n`)
  terminal.stderr.write(`  code: ${code}\n`)
}

/** An error for programs: message, code, hint and whatever else it says; a bug with its stack. */
export function errorJson(error: unknown): { readonly error: Readonly<Record<string, unknown>> } {
  const code = codeOf(error)
  if (!(error instanceof Error)) return { error: { code: 'BUG', message: String(error) } }
  if (code === undefined) return { error: { code: 'BUG', message: error.message, stack: error.stack } }
  const told = Object.entries(error).filter(
    ([key, value]) => value !== undefined && key !== 'name' && key !== 'cause',
  )
  return { error: { code, message: error.message, ...Object.fromEntries(told) } }
}

/**
 * A sink for progress. On a terminal one line per step is rewritten in place with amount and rate; elsewhere each
 * step is one plain line when it begins and one when it has ended.
 */
export function progressPrinter(terminal: Terminal): { sink: ProgressSink; end: () => void } {
  const live = terminal.stderr.isTTY === true
  let current: { progress: Progress; since: number; shown: number } | undefined

  const finish = () => {
    if (!current) return
    const line = describe(current.progress, terminal.now() - current.since, true)
    terminal.stderr.write(live ? `\r\u001b[K${line}\n` : `${line}\n`)
    current = undefined
  }
  const sink: ProgressSink = (progress) => {
    const now = terminal.now()
    if (!current || current.progress.step !== progress.step) {
      finish()
      current = { progress, since: now, shown: -Infinity }
      if (!live) terminal.stderr.write(`${progress.step}: ${progress.text} …\n`)
    }
    current.progress = progress
    if (live && now - current.shown >= 100) {
      current.shown = now
      const width = Math.max(20, (terminal.stderr.columns ?? 80) - 1)
      terminal.stderr.write(`\r\u001b[K${describe(progress, now - current.since, false).slice(0, width)}`)
    }
  }
  return { sink, end: finish }
}

function describe({ step, text, done, total }: Progress, elapsedMs: number, ended: boolean): string {
  const seconds = elapsedMs / 1000
  const parts = [`${step}: ${text}`]
  if (done !== undefined) {
    parts.push(total !== undefined && !ended ? `${megabytes(done)} of ${megabytes(total)}` : megabytes(done))
    if (seconds >= 0.5) parts.push(`${megabytes(done / seconds)}/s`)
  }
  if (ended) parts.push(`${seconds.toFixed(1)} s`)
  return parts.join(' · ')
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
