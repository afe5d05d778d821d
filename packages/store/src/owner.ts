import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** The process that made a temporary file, as its name tells. */
export interface Owner {
  /** One boot of one machine, and its space of process ids: elsewhere `pid` means nothing. */
  readonly host: string
  readonly pid: number
  /** When the process started, in the kernel's clock ticks; 0 where the system does not say. */
  readonly start: number
}

/** This process. */
export function currentOwner(): Owner {
  return { host: hostId(), pid: process.pid, start: startTime(process.pid) ?? 0 }
}

export function ownerName(owner: Owner): string {
  return `${owner.host}-${owner.pid}-${owner.start}`
}

/** The owner that a name starts with; undefined for names that are not ours. */
export function parseOwner(name: string): Owner | undefined {
  const [, host, pid, start] = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,15})\./.exec(name) ?? []
  return host === undefined ? undefined : { host, pid: Number(pid), start: Number(start) }
}

/** Whether the owner still runs; undefined when that cannot be told from here (another machine, another container). */
export function isAlive(owner: Owner): boolean | undefined {
  if (owner.host !== hostId()) return undefined
  if (!processExists(owner.pid)) return false
  const start = startTime(owner.pid)
  // The same pid with another start is a later process that got the number again.
  return start === undefined || owner.start === 0 || start === owner.start
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function hostId(): string {
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))
  const pids = orEmpty(() => readlinkSync('/proc/self/ns/pid'))
  return createHash('sha256').update(`${hostname()}\n${boot}\n${pids}`).digest('hex').slice(0, 12)
}

/** Field 22 of /proc/PID/stat (proc(5)); the command's name before it may contain spaces and parentheses. */
function startTime(pid: number): number | undefined {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return field !== undefined && /^\d+$/.test(field) ? Number(field) : undefined
}

/** What only Linux has, or '' where it is not to be read. */
function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
