import { randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isSocketServed } from '@ros/qemu-runner'
import { CliError } from '../error.ts'
import type { MachineFiles } from '../project.ts'
import { identifyProcess, isSameProcess, type ProcessIdentity } from './process-identity.ts'

const FREE = 'null'

/**
 * Makes this process the only one that starts the machine, until what is returned is called. A lock of a process that is gone
 * is taken over, also when its number has been given to another one. Throws `ROS_CLI_RUNNING` when somebody holds it, or
 * the machine runs without an owner.
 *
 * Locks are numbered files, of which the highest counts; the next one may be made when that is free or its holder is gone. A number
 * is made by one only (link(2)), and never again: there is no moment between looking and taking.
 */
export async function lockMachine(files: MachineFiles): Promise<() => Promise<void>> {
  await mkdir(files.directory, { recursive: true, mode: 0o700 })
  const path = await take(files, JSON.stringify(await identifyProcess(process.pid)))
  const release = () => replaceText(path, FREE)
  if (!(await isSocketServed(files.sockets.control))) return release
  await release()
  throw running(files.name)
}

async function take(files: MachineFiles, mine: string): Promise<string> {
  const path = (number: number) => `${files.lock}.${number}`
  for (;;) {
    const highest = Math.max(0, ...(await lockNumbers(files)))
    const holder = readHolder((await readText(path(highest))) ?? FREE)
    if (holder && (await isSameProcess(holder))) throw running(files.name, holder.pid)
    const number = highest + 1
    if (!(await makeExclusive(path(number), mine))) continue
    const numbers = await lockNumbers(files)
    // Somebody was two steps further, and has cleared away the number that looked unused.
    const overtaken = Math.max(...numbers) > number
    const obsolete = numbers.filter((other) => (overtaken ? other === number : other < number))
    for (const other of obsolete) await rm(path(other), { force: true })
    if (!overtaken) return path(number)
  }
}

async function lockNumbers(files: MachineFiles): Promise<number[]> {
  const prefix = `${basename(files.lock)}.`
  return (await readdir(files.directory))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
}

/** Makes a file with its content at once, or tells that there is one. */
async function makeExclusive(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, text, { mode: 0o600 })
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function replaceText(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, text, { mode: 0o600 })
  await rename(temporary, path)
}

function readHolder(text: string): ProcessIdentity | undefined {
  try {
    const { pid, started } = (JSON.parse(text) ?? {}) as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
  } catch {
    return undefined
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function running(name: string, pid?: number): CliError {
  return new CliError('ROS_CLI_RUNNING', 'the machine runs already', {
    subject: name,
    ...(pid !== undefined && { got: `process ${pid}` }),
    hint: 'log in with `rancheros-kit ssh`, end it with `rancheros-kit stop`, or start another one with --name',
  })
}
