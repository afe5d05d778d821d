import { spawnSync } from 'node:child_process'

/** Runs a real tool and gives its output. A missing or failing tool fails the test. */
export function tool(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Uint8Array {
  const result = spawnSync(command, args, {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', ...env },
    maxBuffer: 1_073_741_824,
    timeout: 120_000,
  })
  if (result.error) throw new Error(`${command} is needed for this test: ${result.error.message}`)
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr.toString()}`)
  return result.stdout
}

export function toolText(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return Buffer.from(tool(command, args, env)).toString('utf8')
}

/** Exit status of a tool that answers by it. */
export function toolStatus(command: string, args: readonly string[]): number | null {
  const result = spawnSync(command, args, { timeout: 60_000 })
  if (result.error) throw new Error(`${command} is needed for this test: ${result.error.message}`)
  return result.status
}
