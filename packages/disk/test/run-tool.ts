import { spawn } from 'node:child_process'

export interface ToolOutput {
  readonly exitCode: number | null
  /** Standard output and standard error as they came. */
  readonly text: string
  readonly stdout: Buffer
}

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

/** Runs a program to its end, at most two minutes. A program that is not installed is an error that names its package. */
export function runTool(
  debianPackage: string,
  program: string,
  ...args: readonly string[]
): Promise<ToolOutput> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC', MTOOLS_SKIP_CHECK: '1' }
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 })
    const parts: Buffer[] = []
    const texts: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => parts.push(chunk) && texts.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => texts.push(chunk))
    child.on('error', (cause) => {
      reject(new Error(`${program} does not start: install the Debian package ${debianPackage}`, { cause }))
    })
    child.on('close', (exitCode) => {
      resolve({ exitCode, text: Buffer.concat(texts).toString(), stdout: Buffer.concat(parts) })
    })
  })
}
