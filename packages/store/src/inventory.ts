import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compareNames, RosError } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import type { Store } from './store.ts'

/** Content that lies in a store. */
export interface StoreEntry {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** When it was put there or last used, in milliseconds since 1970. */
  readonly usedMs: number
  /** The key that it was computed for; absent for what was fetched or put in. */
  readonly key?: string
}

/** All content of a store, in the order of its digests. What another process adds or removes meanwhile may be missing. */
export async function storeEntries(store: Store): Promise<StoreEntry[]> {
  const keys = await derivedKeys(store)
  const entries: StoreEntry[] = []
  for (const hex of await names(join(store.directory, 'sha256'))) {
    const digest: Digest = `sha256:${hex}`
    const status = await stat(store.path(digest)).catch(() => undefined)
    if (!status) continue
    const key = keys.get(digest)
    entries.push({ digest, size: status.size, usedMs: status.mtimeMs, ...(key !== undefined && { key }) })
  }
  return entries
}

/** What goes, and what stays. */
export interface PruneOptions {
  /** Content that was not used since then goes; milliseconds since 1970. */
  readonly unusedSinceMs: number
  /** Content that stays in any case. */
  readonly keep?: ReadonlySet<Digest>
}

/** Removes what was not used for long, and notes of computed content that is not there. Gives what was removed. */
export async function pruneStore(store: Store, { unusedSinceMs, keep }: PruneOptions): Promise<StoreEntry[]> {
  const removed: StoreEntry[] = []
  for (const entry of await storeEntries(store)) {
    if (entry.usedMs >= unusedSinceMs || keep?.has(entry.digest)) continue
    await store.remove(entry.digest)
    removed.push(entry)
  }
  const folder = join(store.directory, 'derived')
  for (const hex of await names(folder)) {
    const path = join(folder, hex.slice(0, 2), hex)
    const record = await readDerived(path)
    if (!record || !(await store.has(record.digest))) await rm(path, { force: true })
  }
  return removed
}

/** Reads all content and removes what is not what its name says: it is fetched or computed again when it is next needed. */
export async function verifyStore(
  store: Store,
  onEntry?: (entry: StoreEntry, index: number, count: number) => void,
): Promise<StoreEntry[]> {
  const damaged: StoreEntry[] = []
  const entries = await storeEntries(store)
  for (const [index, entry] of entries.entries()) {
    onEntry?.(entry, index, entries.length)
    if (await isWhole(store, entry.digest)) continue
    await store.remove(entry.digest)
    damaged.push(entry)
  }
  return damaged
}

/** Whether content is what its name says; what is not there, or was removed meanwhile, is not damaged. */
export async function isWhole(store: Store, digest: Digest): Promise<boolean> {
  try {
    await store.verify(digest)
    return true
  } catch (error) {
    if (!(error instanceof RosError)) throw error
    return error.code !== 'ROS_STORE_CORRUPT' && error.code !== 'ROS_BYTES_SHORT'
  }
}

async function derivedKeys(store: Store): Promise<Map<Digest, string>> {
  const folder = join(store.directory, 'derived')
  const keys = new Map<Digest, string>()
  for (const hex of await names(folder)) {
    const record = await readDerived(join(folder, hex.slice(0, 2), hex))
    if (record) keys.set(record.digest, record.key)
  }
  return keys
}

async function readDerived(path: string): Promise<{ key: string; digest: Digest } | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as { key?: unknown; digest?: unknown } | null
    const { key, digest } = value ?? {}
    const usable =
      typeof key === 'string' && typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)
    return usable ? { key, digest: digest as Digest } : undefined
  } catch {
    return undefined
  }
}

/** The names of 64 digits in a folder's folders. */
async function names(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true }).catch(() => [])
  return found
    .map((path) => path.slice(path.lastIndexOf('/') + 1))
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .sort(compareNames)
}
