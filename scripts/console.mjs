// Running programs for the scripts of this folder, on whatever Node ≥ 20 the user has: no dependencies.
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A line that says what happens next. */
export function say(text) {
  process.stdout.write(`==> ${text}\n`)
}

/** Ends the script with a message of what is wrong and what to do. */
export function fail(problem, hint) {
  process.stderr.write(`\nerror: ${problem}\n${hint ? `hint: ${hint}\n` : ''}`)
  process.exit(1)
}

/** Runs a program with the terminal's streams; gives its exit code (127 when it is not there). */
export function run(program, args, { onStart, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options })
    onStart?.(child)
    // Ctrl-C reaches the child by itself (same process group); this process waits for it to clean up.
    const ignore = () => {}
    process.on('SIGINT', ignore)
    process.on('SIGTERM', ignore)
    const end = (code) => {
      process.off('SIGINT', ignore)
      process.off('SIGTERM', ignore)
      resolve(code)
    }
    child.on('error', () => end(127))
    // Not `exit`: what it said is whole only now.
    child.on('close', (code, signal) => end(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

/** Runs a program whose standard error is of interest only when it fails; gives its exit code. */
export function runQuietly(program, args, options = {}) {
  let said = ''
  return run(program, args, {
    ...options,
    stdio: ['ignore', 'inherit', 'pipe'],
    onStart: (child) => child.stderr.on('data', (chunk) => (said += chunk)),
  }).then((code) => {
    if (code !== 0) process.stderr.write(said)
    return code
  })
}

/** What a program prints, or undefined when it is missing or fails. */
export function capture(program, args, options = {}) {
  const { status, stdout, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8', ...options })
  return error || status !== 0 ? undefined : stdout.trim()
}

/** The path of a program that the workspace's dependencies bring. */
export function bin(name) {
  return join(root, 'node_modules', '.bin', name)
}
