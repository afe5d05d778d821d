// Runs the kit as a user does: the built command, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const kit = join(root, 'node_modules/.bin/rancheros-kit')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
  /** Called with the child at once, and with all of its standard error so far whenever there is more. */
  readonly onStart?: (child: ChildProcess) => void
  readonly onStderr?: (text: string, child: ChildProcess) => void
}

/** Runs a program to its end; it is killed after `timeoutMs`. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 600_000)
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      options.onStderr?.(stderr, child)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, stdout, stderr })
    })
    options.onStart?.(child)
  })
}

export function runKit(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runProgram(kit, args, options)
}

/** A folder that is removed when `use` ends. */
export async function inFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'ros-system-'))
  try {
    return await use(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** Keeps a picture that a test made in the folder that `ROS_PICTURES` names, for the docs and for whoever wants to look; without it does nothing. */
export function keepPicture(file: string, name: string): void {
  const folder = process.env['ROS_PICTURES']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  copyFileSync(file, join(folder, name))
}
