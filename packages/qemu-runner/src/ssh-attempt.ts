import { createConnection } from 'node:net'
import ssh2, { type Client } from 'ssh2'
import { QemuRunnerError } from './error.ts'

/** Until the server's first bytes. QEMU accepts the connection before anything in the guest listens. */
const GREETING_MS = 5_000
/** From the first bytes to the session: an emulated guest under load is slow at arithmetic. */
const HANDSHAKE_MS = 60_000

export interface AttemptOptions {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly privateKey: string
  /** The most that this attempt may take. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly accepts: (hostKey: Uint8Array) => boolean
}

export type Attempt =
  | { readonly state: 'ready'; readonly client: Client; readonly hostKey: Uint8Array }
  /** Nobody there, or not ready yet: worth another attempt. Cut: `timeoutMs` ended it before it could tell more. */
  | { readonly state: 'absent'; readonly cause: Error; readonly isCut?: boolean }
  | { readonly state: 'refused'; readonly cause: Error }
  | { readonly state: 'other-host-key'; readonly hostKey: Uint8Array }

/** One attempt to log in, bounded in time. A broken private key throws `ROS_SSH_KEY`; everything the
 * server does is an outcome. */
export async function attemptSession(options: AttemptOptions): Promise<Attempt> {
  const client = new ssh2.Client()
  const socket = createConnection({ host: options.host, port: options.port })
  socket.setNoDelay(true)
  let hostKey: Uint8Array = new Uint8Array()
  let accepted = true
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const end = performance.now() + options.timeoutMs
  try {
    const outcome = await new Promise<Attempt>((resolve, reject) => {
      const limit = (timeoutMs: number, stage: string) => {
        clearTimeout(timer)
        const left = Math.max(end - performance.now(), 0)
        const cause = new Error(`timed out while ${stage}`)
        const isCut = left < timeoutMs
        timer = setTimeout(() => resolve({ state: 'absent', cause, isCut }), Math.min(timeoutMs, left))
      }
      onAbort = () => resolve({ state: 'absent', cause: new Error('aborted') })
      options.signal.addEventListener('abort', onAbort)
      if (options.signal.aborted) onAbort()
      limit(GREETING_MS, 'waiting for the ssh server to greet')
      socket.once('data', () => limit(HANDSHAKE_MS, 'logging in'))
      socket.on('error', (cause) => resolve({ state: 'absent', cause }))
      socket.once('close', () => resolve({ state: 'absent', cause: new Error('connection closed') }))
      client.on('ready', () => resolve({ state: 'ready', client, hostKey }))
      client.on('error', (cause) => {
        if (!accepted) resolve({ state: 'other-host-key', hostKey })
        else if (cause.level === 'client-authentication') resolve({ state: 'refused', cause })
        else resolve({ state: 'absent', cause })
      })
      try {
        client.connect({
          sock: socket,
          username: options.username,
          privateKey: options.privateKey,
          readyTimeout: 0,
          keepaliveInterval: 15_000,
          keepaliveCountMax: 8,
          hostVerifier: (key: Buffer) => {
            hostKey = Uint8Array.from(key)
            accepted = options.accepts(hostKey)
            return accepted
          },
        })
      } catch (cause) {
        reject(
          new QemuRunnerError('ROS_SSH_KEY', 'the key cannot be used', { subject: 'private key', cause }),
        )
      }
    })
    if (outcome.state !== 'ready') abandon(client, socket)
    return outcome
  } catch (error) {
    abandon(client, socket)
    throw error
  } finally {
    clearTimeout(timer)
    if (onAbort) options.signal.removeEventListener('abort', onAbort)
  }
}

/** Errors may still come from what is being torn down, and concern nobody. */
function abandon(
  client: Client,
  socket: { destroy(): void; on(event: 'error', listener: () => void): void },
): void {
  client.on('error', () => undefined)
  socket.on('error', () => undefined)
  client.destroy()
  socket.destroy()
}
