import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { QemuRunnerError, type QemuRunnerErrorDetail } from './error.ts'
import { within } from './time-limit.ts'

const COMMAND_TIMEOUT_MS = 5_000
const RETRY_MS = 20
/** A full queue of a socket file (connect(2)): QEMU's has one place, and takes from it when the guest lets it. */
const QUEUE_FULL = 'EAGAIN'
/** The socket is not there yet, nobody listens yet, others are before us. */
const WAITING: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', QUEUE_FULL])

interface Reply {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** What QEMU writes on its control socket, one object a line (QEMU Machine Protocol Specification, §2). */
interface Message {
  readonly QMP?: unknown
  readonly event?: string
  readonly id?: number
  readonly return?: unknown
  readonly error?: { readonly class: string; readonly desc: string }
}

/**
 * Connects to QEMU's control socket and leaves the negotiation behind. The socket may not exist yet, or have others waiting: it is tried until
 * `timeoutMs` have passed (`ROS_QEMU_QMP`) or `signal` aborts (its reason is thrown).
 */
export async function connectQmp(
  path: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Qmp> {
  const deadline = performance.now() + options.timeoutMs
  for (;;) {
    options.signal?.throwIfAborted()
    const left = deadline - performance.now()
    const outcome = await openSocket(path)
    if (!(outcome instanceof Error)) return await Qmp.negotiate(path, outcome, Math.max(left, RETRY_MS))
    const code = (outcome as NodeJS.ErrnoException).code
    if (left <= 0 || !WAITING.has(code ?? '')) {
      throw qmpError(path, 'cannot connect', { cause: outcome, got: outcome.message })
    }
    await sleep(RETRY_MS)
  }
}

/**
 * Throws `ROS_QEMU_SOCKET_IN_USE` when a program listens on the socket. QEMU itself would take the path away from it,
 * and leave that machine without control.
 */
export async function checkSocketFree(path: string): Promise<void> {
  if (!(await isSocketServed(path))) return
  throw new QemuRunnerError('ROS_QEMU_SOCKET_IN_USE', 'a machine runs with this control socket', {
    subject: path,
    hint: 'end the machine that runs, or start this one in another directory',
  })
}

/**
 * Whether a program listens on the socket. It tells a machine that lives from one that is gone better than any process
 * number: those are used again. A client that is served at the time does not hinder.
 */
export async function isSocketServed(path: string): Promise<boolean> {
  const outcome = await openSocket(path)
  if (outcome instanceof Error) return (outcome as NodeJS.ErrnoException).code === QUEUE_FULL
  outcome.destroy()
  return true
}

/** An open control connection. One client at a time is served by QEMU. */
export class Qmp {
  readonly #path: string
  readonly #socket: Socket
  readonly #replies = new Map<number, Reply>()
  readonly #greeting: Promise<void>
  #greet: () => void = () => undefined
  #rest = ''
  #nextId = 1
  #closed = false
  #onEvent: (event: string) => void = () => undefined

  private constructor(path: string, socket: Socket) {
    this.#path = path
    this.#socket = socket
    this.#greeting = new Promise((resolve) => {
      this.#greet = resolve
    })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#receive(text))
    // 'close' follows every error and fails what is open.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end('connection closed'))
  }

  /** Waits for the greeting and enables commands. */
  static async negotiate(path: string, socket: Socket, timeoutMs: number): Promise<Qmp> {
    const qmp = new Qmp(path, socket)
    const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')))
    const first = await within(Promise.race([qmp.#greeting.then(() => 'greeted'), closed]), timeoutMs)
    if (first !== 'greeted') {
      qmp.close()
      const hint = 'QEMU serves one connection at a time: another program may be connected'
      throw qmpError(path, 'QEMU does not greet', { limit: `${Math.ceil(timeoutMs) / 1000} s`, hint })
    }
    await qmp.execute('qmp_capabilities')
    return qmp
  }

  /** Called with each event's name (`POWERDOWN`, `SHUTDOWN`, …) from now on. */
  set onEvent(listener: (event: string) => void) {
    this.#onEvent = listener
  }

  /** Runs a command and gives its return value, as QEMU's QMP reference describes it. Throws `ROS_QEMU_QMP`. */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#closed) throw qmpError(this.#path, `cannot run ${command}: connection closed`)
    const id = this.#nextId++
    const reply = new Promise<{ value: unknown }>((resolve, reject) => {
      this.#replies.set(id, {
        resolve: (value) => resolve({ value }),
        reject: (cause) => reject(qmpError(this.#path, `${command}: ${cause.message}`)),
      })
    })
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    const outcome = await within(reply, COMMAND_TIMEOUT_MS)
    this.#replies.delete(id)
    if (outcome) return outcome.value
    throw qmpError(this.#path, `no answer to ${command}`, { limit: `${COMMAND_TIMEOUT_MS / 1000} s` })
  }

  close(): void {
    this.#end('connection closed')
    this.#socket.destroy()
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      let message: Message
      try {
        message = JSON.parse(line) as Message
      } catch {
        this.#end(`not JSON: ${line.slice(0, 200)}`)
        this.#socket.destroy()
        return
      }
      this.#dispatch(message)
    }
  }

  #dispatch(message: Message): void {
    if (message.QMP !== undefined) return this.#greet()
    if (message.event !== undefined) return this.#onEvent(message.event)
    const reply = this.#replies.get(message.id ?? 0)
    if (message.error) reply?.reject(new Error(`${message.error.desc} (${message.error.class})`))
    else reply?.resolve(message.return)
  }

  #end(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    for (const reply of this.#replies.values()) reply.reject(new Error(reason))
  }
}

/** Connects to a path, or to `tcp:HOST:PORT`. */
export async function openSocket(path: string): Promise<Socket | Error> {
  const [, host, port] = /^tcp:([^:]+):(\d+)$/.exec(path) ?? []
  const socket = host === undefined ? createConnection(path) : createConnection(Number(port), host)
  return await new Promise((resolve) => {
    socket.once('error', resolve)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function qmpError(
  path: string,
  problem: string,
  detail: Omit<QemuRunnerErrorDetail, 'subject'> = {},
): QemuRunnerError {
  return new QemuRunnerError('ROS_QEMU_QMP', problem, { subject: `control socket ${path}`, ...detail })
}
