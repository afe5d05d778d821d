import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ToolResult {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs a tool. One that is not installed is an error that says so; an exit code is for the test to judge. */
export function runTool(
  command: string,
  args: readonly string[],
  options: { readonly input?: Uint8Array; readonly cwd?: string } = {},
): ToolResult {
  const environment = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' }
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    maxBuffer: 2 ** 30,
    env: environment,
    ...options,
  })
  if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new Error(
      `${command} is not installed; the oracle tests need it (Debian: apt-get install cpio libarchive-tools)`,
    )
  }
  if (error) throw error
  return { code: status ?? -1, stdout, stderr: stderr.toString() }
}

/** Calls `work` with a new directory that is gone afterwards. */
export async function inTemporaryDirectory<T>(work: (path: string) => Promise<T> | T): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'initrd-test-'))
  try {
    return await work(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
