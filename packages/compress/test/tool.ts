import { spawnSync } from 'node:child_process'

export interface ToolResult {
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: string
}

/** Runs a tool with this input. A tool that is not installed is an error that says so. */
export function runTool(command: string, args: readonly string[], input: Uint8Array): ToolResult {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, maxBuffer: 2 ** 30 })
  if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new Error(
      `${command} is not installed; the oracle tests need it (Debian: apt-get install gzip zstd xz-utils lz4)`,
    )
  }
  if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  return { code: status ?? -1, stdout: new Uint8Array(stdout), stderr: stderr.toString() }
}
