import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'ssh2'
import { QemuRunnerError } from './error.ts'
import { hostKeyError, readHostKeys, recordHostKey, sameKey } from './known-hosts.ts'
import type { Machine } from './machine.ts'
import { attemptSession } from './ssh-attempt.ts'

const RETRY_MS = 250
/** A guest opens its port before cloud-init has written `authorized_keys`. */
const REFUSAL_GRACE_MS = 15_000
/** Attempts while the key is refused. Few: sshd 9.8 and later shuts out an address that fails often (PerSourcePenalties). */
const REFUSAL_ATTEMPTS = 5

/** Where ssh is, who logs in, and how long it may take. */
export interface ConnectSshOptions {
  readonly port: number
  /** 127.0.0.1 unless said. */
  readonly host?: string
  readonly username: string
  /** OpenSSH private key as text. */
  readonly privateKey: string
  /**
   * File of one machine's host key: recorded after the first login, compared ever after. Delete the file together with
   * the machine's state.
   */
  readonly hostKey: { readonly knownHostsFile: string }
  /** For everything until the session stands. */
  readonly timeoutMs: number
  /** The machine behind the port: its end ends the waiting, its last console lines are shown in errors. */
  readonly until?: Pick<Machine, 'exited' | 'exitedError' | 'lastLines'>
  /** Ends the waiting; its reason is thrown. */
  readonly signal?: AbortSignal
  /** How long a refused key is tried again. */
  readonly refusalGraceMs?: number
}

/**
 * Logs in, trying again until sshd answers. Throws `ROS_SSH_TIMEOUT`; `ROS_SSH_HOST_KEY` at once when the key is
 * another than the one recorded; `ROS_SSH_AUTH` when the user's key is refused for longer than a guest needs to
 * install it; `ROS_QEMU_EXITED` when the machine ends. The caller ends the client.
 */
export async function connectSsh(options: ConnectSshOptions): Promise<Client> {
  const stop = new AbortController()
  const onAbort = () => stop.abort(options.signal?.reason)
  options.signal?.throwIfAborted()
  options.signal?.addEventListener('abort', onAbort)
  void options.until?.exited.then(() => stop.abort(options.until?.exitedError()))
  try {
    return await tryUntilDeadline(options, stop.signal)
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
  }
}

async function tryUntilDeadline(options: ConnectSshOptions, stop: AbortSignal): Promise<Client> {
  const { port, host = '127.0.0.1', username, privateKey, timeoutMs } = options
  const { knownHostsFile } = options.hostKey
  const address = `ssh ${username}@${host}:${port}`
  const known = await readHostKeys(knownHostsFile)
  const deadline = performance.now() + timeoutMs
  const graceMs = options.refusalGraceMs ?? REFUSAL_GRACE_MS
  let absence: Error | undefined
  let refused: { readonly since: number; readonly cause: Error } | undefined
  for (;;) {
    const outcome = await attemptSession({
      host,
      port,
      username,
      privateKey,
      timeoutMs: deadline - performance.now(),
      signal: stop,
      accepts: (key) => known.length === 0 || known.some((one) => sameKey(one, key)),
    })
    if (outcome.state === 'ready') {
      if (stop.aborted) outcome.client.destroy()
      stop.throwIfAborted()
      if (known.length === 0) await recordHostKey(knownHostsFile, outcome.hostKey)
      return outcome.client
    }
    stop.throwIfAborted()
    if (outcome.state === 'other-host-key') {
      throw hostKeyError(address, knownHostsFile, outcome.hostKey, known)
    }
    const now = performance.now()
    if (outcome.state === 'refused') refused ??= { since: now, cause: outcome.cause }
    // What the server did in a whole attempt tells more than that the last one was cut by the time limit.
    else if (!outcome.isCut || !absence) absence = outcome.cause
    const pause = refused ? graceMs / REFUSAL_ATTEMPTS : RETRY_MS
    await sleep(Math.max(Math.min(pause, deadline - now), 0), undefined, { signal: stop }).catch(() =>
      stop.throwIfAborted(),
    )
    const isLate = performance.now() >= deadline
    if (refused && (isLate || now - refused.since >= graceMs)) throw authError(address, refused.cause)
    if (isLate) throw timeoutError(address, options, absence ?? outcome.cause)
  }
}

function authError(address: string, cause: Error): QemuRunnerError {
  return new QemuRunnerError('ROS_SSH_AUTH', 'the machine refuses the key', {
    subject: address,
    hint: 'it was set up with another key: start it with --fresh, or add the public key to its authorized_keys',
    cause,
  })
}

function timeoutError(address: string, options: ConnectSshOptions, cause: Error): QemuRunnerError {
  return new QemuRunnerError('ROS_SSH_TIMEOUT', 'no ssh session', {
    subject: address,
    got: cause.message,
    limit: `${options.timeoutMs / 1000} s`,
    hint: 'without KVM a boot takes several times as long: give it more time, or look at the console',
    lines: options.until?.lastLines() ?? [],
    cause,
  })
}
