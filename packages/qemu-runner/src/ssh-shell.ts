import type { Writable } from 'node:stream'
import type { Client } from 'ssh2'
import { openChannel, pumpChannel } from './ssh-command.ts'
import { rawMode, type TerminalInput } from './terminal.ts'

/** What the shell's terminal is here. */
export interface ShellOptions {
  /** A command to run in the terminal instead of the login shell. */
  readonly command?: string
  /** Standard input of this process unless said. */
  readonly input?: TerminalInput
  /** Standard output of this process unless said; its size, where it has one, is the remote terminal's. */
  readonly output?: Writable & { readonly columns?: number; readonly rows?: number }
  /** Terminal type; `xterm` unless said (a caller with an environment passes its TERM). */
  readonly term?: string
}

const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

/**
 * A remote shell on this terminal, in raw mode meanwhile and following its size. Gives the shell's exit code. Throws
 * `ROS_SSH_CLOSED` when the connection ends first.
 */
export async function interactiveShell(client: Client, options: ShellOptions = {}): Promise<number> {
  const { input = process.stdin, output = process.stdout, term = 'xterm' } = options
  const size = () => ({ columns: output.columns ?? DEFAULT_COLUMNS, rows: output.rows ?? DEFAULT_ROWS })
  const channel = await openChannel(client, options.command, { ...size(), term })
  const onResize = () => {
    const { columns, rows } = size()
    channel.setWindow(rows, columns, 0, 0)
  }
  const restore = rawMode(input)
  output.on('resize', onResize)
  try {
    const { code } = await pumpChannel(channel, options.command, {
      stdin: input,
      stdout: output,
      stderr: output,
    })
    return code
  } finally {
    output.off('resize', onResize)
    restore()
  }
}
