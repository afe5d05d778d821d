import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { Client, ClientChannel, PseudoTtyOptions } from 'ssh2'
import { QemuRunnerError } from './error.ts'

/** What a captured command may print on each stream unless said. */
const CAPTURE_BYTES = 16 * 1024 * 1024

/** How a remote command ended. */
export interface RemoteExit {
  /** Exit code; 128 + number for a command ended by a signal, as shells do. */
  readonly code: number
  /** Name with SIG, as `SIGTERM`. */
  readonly signal?: string
}

/** What a remote command's streams are connected to. */
export interface RemoteStreams {
  /** Goes into the command, and its end too; none is an empty input. */
  readonly stdin?: Readable
  readonly stdout?: Writable
  readonly stderr?: Writable
  /** Run in a terminal of this size. Its output, errors included, then comes on stdout. */
  readonly pty?: PtySize
}

/** Size of a remote terminal, in characters. */
export interface PtySize {
  readonly columns: number
  readonly rows: number
  /** Terminal type for the remote side; `xterm` unless said. */
  readonly term?: string
}

/**
 * Runs a command line in the remote user's shell and streams its input and output with backpressure; the given streams
 * are not ended. Throws `ROS_SSH_CLOSED` when the connection ends before the command.
 */
export async function runCommand(
  client: Client,
  command: string,
  streams: RemoteStreams = {},
): Promise<RemoteExit> {
  const channel = await openChannel(client, command, streams.pty)
  return await pumpChannel(channel, command, streams)
}

/** How a remote command ended, and what it printed, as UTF-8. */
export interface Captured extends RemoteExit {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command without input and gives what it prints, as UTF-8. Throws `ROS_SSH_OUTPUT` above `limit` bytes. */
export async function capture(client: Client, command: string, limit = CAPTURE_BYTES): Promise<Captured> {
  const channel = await openChannel(client, command, undefined)
  const tooMuch = new QemuRunnerError('ROS_SSH_OUTPUT', 'command prints more than is kept', {
    subject: `remote command ${command}`,
    limit: `${limit} bytes`,
  })
  let exceeded = false
  const collect = (stream: Readable) => {
    const chunks: Buffer[] = []
    let size = 0
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else if (!exceeded) {
        exceeded = true
        channel.destroy()
      }
    })
    return () => Buffer.concat(chunks).toString('utf8')
  }
  const [stdout, stderr] = [collect(channel), collect(channel.stderr)]
  try {
    channel.end()
    const exit = await channelExit(channel, command)
    if (exceeded) throw tooMuch
    return { ...exit, stdout: stdout(), stderr: stderr() }
  } catch (error) {
    throw exceeded ? tooMuch : error
  }
}

/** A channel that runs a command, or the login shell. */
export async function openChannel(
  client: Client,
  command: string | undefined,
  pty: PtySize | undefined,
): Promise<ClientChannel> {
  const terminal: PseudoTtyOptions | undefined = pty && {
    cols: pty.columns,
    rows: pty.rows,
    term: pty.term ?? 'xterm',
  }
  return await new Promise((resolve, reject) => {
    const onClose = () => reject(closedError(command))
    const opened = (cause: Error | undefined, channel: ClientChannel) => {
      client.off('close', onClose)
      if (cause) reject(closedError(command, cause))
      else resolve(channel)
    }
    client.once('close', onClose)
    try {
      if (command === undefined) client.shell(terminal ?? false, opened)
      else client.exec(command, terminal ? { pty: terminal } : {}, opened)
    } catch (cause) {
      client.off('close', onClose)
      reject(closedError(command, cause as Error))
    }
  })
}

/**
 * Connects the channel with the streams until the command ends and its last output was handed over. A stream that
 * fails ends the command, and its error is thrown.
 */
export async function pumpChannel(
  channel: ClientChannel,
  command: string | undefined,
  streams: RemoteStreams,
): Promise<RemoteExit> {
  const { stdin, stdout, stderr } = streams
  let failure: Error | undefined
  const onFailure = (error: Error) => {
    failure ??= error
    channel.destroy()
    // The channel closes only when what has arrived was read.
    channel.resume()
    channel.stderr.resume()
  }
  const local = [...new Set([stdin, stdout, stderr])].filter((stream) => stream !== undefined)
  for (const stream of local) stream.on('error', onFailure)
  channel.on('error', () => undefined) // the command may end while input is on its way
  if (stdout) channel.pipe(stdout, { end: false })
  else channel.resume()
  if (stderr) channel.stderr.pipe(stderr, { end: false })
  else channel.stderr.resume()
  if (stdin && !stdin.readableEnded) stdin.pipe(channel)
  else channel.end()
  try {
    const exit = await channelExit(channel, command)
    await Promise.all([stdout, stderr].map(flushed))
    if (failure) throw failure
    return exit
  } catch (error) {
    throw failure ?? error
  } finally {
    for (const stream of local) stream.off('error', onFailure)
    stdin?.unpipe(channel)
    // An input that still flows would keep this process alive.
    stdin?.pause()
  }
}

/** Waits until all that was written to the stream has left it, so that the caller may end its process. */
async function flushed(stream: Writable | undefined): Promise<void> {
  if (!stream?.writable) return
  await new Promise<void>((resolve) => stream.write('', () => resolve()))
}

async function channelExit(channel: ClientChannel, command: string | undefined): Promise<RemoteExit> {
  let exit: RemoteExit | undefined
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = code === null ? signalExit(signal ?? 'KILL') : { code }
  })
  await new Promise<void>((resolve) => channel.once('close', () => resolve()))
  if (exit) return exit
  throw closedError(command)
}

/** RFC 4254 §6.10 names signals without SIG; the ssh library puts it back. */
function signalExit(name: string): RemoteExit {
  const signal = name.startsWith('SIG') ? name : `SIG${name}`
  const number = constants.signals[signal as NodeJS.Signals] as number | undefined
  return { code: 128 + (number ?? 0), signal }
}

function closedError(command: string | undefined, cause?: Error): QemuRunnerError {
  return new QemuRunnerError('ROS_SSH_CLOSED', cause?.message ?? 'the connection ended before it did', {
    subject: command === undefined ? 'remote shell' : `remote command ${command}`,
    ...(cause && { cause }),
    hint: 'the machine may have been powered off',
  })
}
