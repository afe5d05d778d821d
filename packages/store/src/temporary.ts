import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { currentOwner, isAlive, ownerName, parseOwner } from './owner.ts'

/** Where a store keeps what is not finished yet. Names carry their owner, so that a later run can tell what is left over. */
export function temporaryPath(directory: string): string {
  return join(directory, `${ownerName(currentOwner())}.${randomBytes(6).toString('hex')}`)
}

/** Runs `use` with a new empty directory, which is removed when `use` ends, however it ends. */
export async function withTemporaryDirectory<T>(
  directory: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = temporaryPath(directory)
  await mkdir(path)
  try {
    return await use(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/**
 * Removes what killed runs left: entries of processes that run no more, and entries older than `staleAfterMs` of
 * processes that cannot be seen from here. Names that no store makes are left alone. `rescue` may move an entry away
 * instead. Gives the names removed.
 */
export async function removeLeftovers(
  directory: string,
  staleAfterMs: number,
  nowMs: number,
  rescue: (path: string) => Promise<boolean> = () => Promise.resolve(false),
): Promise<string[]> {
  const removed: string[] = []
  for (const name of (await readdir(directory)).sort()) {
    const owner = parseOwner(name)
    if (owner === undefined) continue
    const path = join(directory, name)
    const alive = isAlive(owner) ?? !(await isOlder(path, nowMs - staleAfterMs))
    if (alive || (await rescue(path))) continue
    await rm(path, { recursive: true, force: true })
    removed.push(name)
  }
  return removed
}

async function isOlder(path: string, limitMs: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < limitMs
  } catch (error) {
    // Its owner has just finished: nothing is left to remove.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
