import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** A process that is told apart from a later one of the same number by the time it was started. */
export interface ProcessIdentity {
  readonly pid: number
  /** In whatever form the system tells it; '' where it does not. */
  readonly started: string
}

/** What a process is now; undefined when there is none of that number, or only a dead one that nobody has fetched yet. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid)
  return started === undefined ? undefined : { pid, started }
}

export async function isSameProcess(known: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(known.pid)
  return now !== undefined && now.started === known.started
}

/** Start in clock ticks since this start of the system, and which start that is (proc(5), random(4)). */
async function fromProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The second field, a name in parentheses, may hold anything: the rest begins behind the last one. Field 3 is the state.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim()
    return `${boot} ${fields[19]}`
  } catch {
    return undefined
  }
}

async function fromPs(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return isThere(pid) ? '' : undefined
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    })
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
