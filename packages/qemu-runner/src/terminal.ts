import type { Readable, Writable } from 'node:stream'

/** What is needed of standard input: a terminal has raw mode, a pipe has not. */
export type TerminalInput = Readable & {
  readonly isTTY?: boolean
  readonly isRaw?: boolean
  setRawMode?(raw: boolean): unknown
}

/** Puts a terminal into raw mode; gives what puts it back. Nothing happens when it is no terminal. */
export function rawMode(input: TerminalInput): () => void {
  if (!input.isTTY || !input.setRawMode) return () => undefined
  const before = input.isRaw ?? false
  input.setRawMode(true)
  return () => void input.setRawMode?.(before)
}

const CTRL_C = '\x03'

/**
 * Sends what is typed to `target` until the returned function is called. Ctrl-C becomes SIGINT to this process,
 * as it would be without raw mode. The end of a piped input is not passed on: the machine goes on.
 */
export function forwardInput(input: TerminalInput, target: Writable): () => void {
  const restore = rawMode(input)
  const onData = (chunk: Uint8Array | string) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
    if (input.isTTY && text.includes(CTRL_C)) process.kill(process.pid, 'SIGINT')
    else if (!target.write(chunk)) {
      input.pause()
      target.once('drain', () => input.resume())
    }
  }
  input.on('data', onData)
  return () => {
    input.off('data', onData)
    input.pause()
    restore()
  }
}
