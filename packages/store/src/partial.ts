import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Digest } from '@ros/bytes/node'
import { temporaryPath } from './temporary.ts'

/**
 * Downloads that ended early, to be gone on with: `partial/HEX`, by the digest of what they were to become. Nothing there is
 * proven. Who goes on with one takes it away first, by a rename that only one process can win; what is being written lies
 * in `temporary/` under its owner's name, and what a killed process leaves there comes back here.
 */
export interface Partials {
  /** A file to append to: what an earlier download left, or none yet. */
  take(digest: Digest): Promise<string>
  /** Keeps what was written for a later download. */
  keep(path: string, digest: Digest): Promise<void>
}

const MARK = '.partial-'

export function openPartials(directory: string, temporary: string): Partials {
  return {
    async take(digest) {
      const hex = digest.slice('sha256:'.length)
      const path = `${temporaryPath(temporary)}${MARK}${hex}`
      await rename(join(directory, hex), path).catch(ignoreMissing)
      return path
    },
    keep: (path, digest) => keepLonger(path, join(directory, digest.slice('sha256:'.length))),
  }
}

/** Moves what a killed download left to where the next one looks; false for names of other kinds. */
export async function salvage(path: string, directory: string): Promise<boolean> {
  const name = basename(path)
  const at = name.indexOf(MARK)
  const hex = at < 0 ? '' : name.slice(at + MARK.length)
  if (!/^[0-9a-f]{64}$/.test(hex)) return false
  await keepLonger(path, join(directory, hex))
  return true
}

/** Removes partial downloads that nobody went on with for `staleAfterMs`. */
export async function removeStalePartials(
  directory: string,
  staleAfterMs: number,
  nowMs: number,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name)
    const age = await stat(path).then(
      ({ mtimeMs }) => nowMs - mtimeMs,
      () => 0,
    )
    if (age > staleAfterMs) await rm(path, { force: true })
  }
}

async function keepLonger(path: string, destination: string): Promise<void> {
  const size = async (file: string) =>
    await stat(file).then(
      (status) => status.size,
      () => 0,
    )
  if ((await size(path)) > (await size(destination))) await rename(path, destination).catch(ignoreMissing)
  else await rm(path, { force: true })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
