import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { hostname, release } from 'node:os'
import { promisify } from 'node:util'
import type { Accelerator } from './qemu-options.ts'
import { replaceText } from './replace-text.ts'

/** What a micro guest proved: null when it ran, else why not. */
export interface Verdict {
  readonly problem: string | null
}

const FORMAT = 1
const VERSION_TIMEOUT_MS = 10_000

/**
 * What a verdict holds for: this host since it was started, this kernel, this QEMU, this accelerator. A restart or an
 * update may repair (or break) an accelerator, so it is proved anew.
 */
export async function probeKey(accelerator: Accelerator, qemu: string): Promise<string> {
  const [version, boot] = await Promise.all([qemuVersion(qemu), bootId()])
  return JSON.stringify([hostname(), boot, release(), qemu, version, accelerator])
}

export async function readVerdict(cacheFile: string, key: string): Promise<Verdict | undefined> {
  return (await readVerdicts(cacheFile))[key]
}

export async function recordVerdict(cacheFile: string, key: string, verdict: Verdict): Promise<void> {
  const verdicts = { ...(await readVerdicts(cacheFile)), [key]: verdict }
  await replaceText(cacheFile, `${JSON.stringify({ format: FORMAT, verdicts }, undefined, 2)}\n`, 0o644)
}

/** A cache that is missing, cut or of another format is an empty one. */
async function readVerdicts(cacheFile: string): Promise<Record<string, Verdict>> {
  let text: string
  try {
    text = await readFile(cacheFile, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return {}
  }
  const { format, verdicts } = (found ?? {}) as { format?: unknown; verdicts?: unknown }
  if (format !== FORMAT || typeof verdicts !== 'object' || verdicts === null) return {}
  const sound = Object.entries(verdicts as Record<string, Partial<Verdict> | null>).filter(
    ([, verdict]) => verdict !== null && (verdict.problem === null || typeof verdict.problem === 'string'),
  )
  return Object.fromEntries(sound) as Record<string, Verdict>
}

/** First line of `qemu --version`; empty when it cannot be run, which the start of the machine reports better. */
async function qemuVersion(qemu: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(qemu, ['--version'], { timeout: VERSION_TIMEOUT_MS })
    return stdout.split('\n')[0] ?? ''
  } catch {
    return ''
  }
}

/** Changes with each start of the host (Linux, random(4)); empty elsewhere. */
async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return ''
  }
}
