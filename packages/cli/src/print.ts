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

/** An amount in MB, what is less than a tenth of one in kB. */
export function megabytes(bytes: number): string {
  if (bytes < 1e5) return `${(bytes / 1e3).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
