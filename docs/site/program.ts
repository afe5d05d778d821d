import { spawn } from 'node:child_process'

/** Runs a program to its end, and gives what it said when it failed. */
export function runProgram(program: string, args: readonly string[], directory: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (chunk) => (said += chunk))
    child.stderr.on('data', (chunk) => (said += chunk))
    child.on('error', fail)
    child.on('close', (code) =>
      code === 0 ? done() : fail(new Error(`${program} ended with ${code ?? 'a signal'}:\n${said}`)),
    )
  })
}
