import { once } from 'node:events'
import { QemuRunnerError } from './error.ts'
import { openSocket } from './qmp.ts'
import { rawMode, type TerminalInput } from './terminal.ts'

/** Ctrl-], as telnet and `virsh console` have it. */
const ESCAPE = 0x1d

export interface ConsoleStreams {
  readonly stdin: TerminalInput
  readonly stdout: NodeJS.WritableStream
  readonly signal?: AbortSignal
}

/**
 * Joins a terminal to a machine's serial socket until Ctrl-] is typed ('left'), a piped input ends ('left'), or the machine ends
 * ('ended'). Throws `ROS_QEMU_CONSOLE_BUSY` when nobody listens; a second client is not seen by QEMU: ask `query-chardev`.
 */
export async function attachConsole(path: string, streams: ConsoleStreams): Promise<'left' | 'ended'> {
  const { stdin, stdout, signal } = streams
  const socket = await openSocket(path)
  if (socket instanceof Error) {
    throw new QemuRunnerError('ROS_QEMU_CONSOLE_BUSY', 'nobody listens on the console socket', {
      subject: path,
      cause: socket,
    })
  }
  let left = false
  const leave = () => {
    left = true
    socket.end()
    socket.destroy()
  }
  const onData = (chunk: Uint8Array | string) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const at = stdin.isTTY ? bytes.indexOf(ESCAPE) : -1
    if (at !== 0) socket.write(at < 0 ? bytes : bytes.subarray(0, at))
    if (at >= 0) leave()
  }
  socket.on('error', () => undefined) // 'close' follows
  socket.on('data', (bytes) => void stdout.write(bytes))
  const restore = rawMode(stdin)
  stdin.on('data', onData)
  stdin.once('end', leave)
  signal?.addEventListener('abort', leave, { once: true })
  try {
    await once(socket, 'close')
    return left ? 'left' : 'ended'
  } finally {
    signal?.removeEventListener('abort', leave)
    stdin.off('data', onData)
    stdin.off('end', leave)
    stdin.pause()
    restore()
  }
}
