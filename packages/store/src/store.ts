import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ByteSource } from '@ros/bytes'
import { checkDigest, type Digest, fileSource, sha256, sha256Text, withDigest } from '@ros/bytes/node'
import { formatRecord, readRecord } from './derived-record.ts'
import { hashed, usedSize, writeOnce } from './entry.ts'
import { StoreError } from './error.ts'
import { openPartials, type Partials, removeStalePartials, salvage } from './partial.ts'
import { removeLeftovers, withTemporaryDirectory } from './temporary.ts'

/** Content of a store: a source that also knows its digest and its file. */
export interface StoredSource extends ByteSource {
  readonly digest: Digest
  /** The file that holds the content. It is never written to again: read it, link it, do not change it. */
  readonly path: string
}

/** What content must be before it may enter the store. */
export interface Expected {
  readonly digest: Digest
  /** Size in bytes, where it is known before. */
  readonly size?: number
  /** What the content is, for errors: a package name, a file name. */
  readonly subject: string
}

/**
 * Content by its SHA-256, kept in one directory:
 *
 *     sha256/ab/abcd…      content, read-only, named by its own digest
 *     derived/12/1234…     { key, digest, size }: which content was computed for a key; named by the key's digest
 *     partial/1234…        what a download brought before it was cut, named by the digest of the whole; not proven
 *     temporary/…          what is being written; moved into place as the last step
 *
 * Several processes may use one directory at once: each entry appears whole or not at all.
 */
export interface Store {
  readonly directory: string
  /** Whether the content is here. With `size`, a file of another length counts as absent, and `put` replaces it. */
  has(digest: Digest, size?: number): Promise<boolean>
  /** The content's file, there or not. */
  path(digest: Digest): string
  /** Throws `ROS_STORE_MISSING`, or `ROS_STORE_CORRUPT` when the file's length is not `size`. */
  source(digest: Digest, size?: number): Promise<StoredSource>
  /**
   * Takes content in. It is proven while it is written: another digest or size throws `ROS_BYTES_DIGEST` and leaves
   * nothing behind. Content that is here already is not read again.
   */
  put(chunks: AsyncIterable<Uint8Array>, expected: Expected): Promise<StoredSource>
  /** Takes in content whose digest nobody knows before: what a local tool makes, or unpacks from proven content. */
  take(chunks: AsyncIterable<Uint8Array>): Promise<StoredSource>
  /** As `put`, with a file of `partials`, which becomes the entry or is removed. */
  adopt(path: string, expected: Expected): Promise<StoredSource>
  /** As `put`, with a copy of a file. */
  putFile(path: string, expected: Expected): Promise<StoredSource>
  /**
   * Content that is computed from other content, made once. `key` is text that names all that the result depends on
   * (digests of inputs, options, the version of the code). `produce` runs when nothing usable is kept for the key.
   */
  derived(key: string, produce: () => AsyncIterable<Uint8Array>): Promise<StoredSource>
  /** Reads the whole content; throws `ROS_STORE_CORRUPT` when it has another digest, `ROS_STORE_MISSING` when absent. */
  verify(digest: Digest): Promise<void>
  /** Removes the content; absent is no error. */
  remove(digest: Digest): Promise<void>
  /** Runs `use` with an empty directory on the store's file system, removed when `use` ends. */
  withTemporaryDirectory<T>(use: (path: string) => Promise<T>): Promise<T>
  readonly partials: Partials
}

/** When leftovers of others are old. */
export interface OpenStoreOptions {
  /**
   * Leftovers of killed processes are removed when the store is opened, what they downloaded is kept as partial. Leftovers
   * of another machine or container, and partial downloads, are removed when they are older than this; default 24 hours.
   */
  readonly staleAfterMs?: number
}

/** Opens the store in `directory`, which is made when absent. Throws `ROS_STORE_DIRECTORY` when that fails. */
export async function openStore(directory: string, options: OpenStoreOptions = {}): Promise<Store> {
  const temporary = join(directory, 'temporary')
  const partial = join(directory, 'partial')
  const stale = options.staleAfterMs ?? 86_400_000
  try {
    for (const name of ['sha256', 'derived', 'temporary'])
      await mkdir(join(directory, name), { recursive: true })
    await removeStalePartials(partial, stale, Date.now())
    await removeLeftovers(temporary, stale, Date.now(), (path) => salvage(path, partial))
  } catch (cause) {
    throw new StoreError('ROS_STORE_DIRECTORY', 'directory cannot be used as a store', {
      subject: directory,
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
  return createStore(directory, temporary, openPartials(partial, temporary))
}

function createStore(directory: string, temporary: string, partials: Partials): Store {
  const running = new Map<string, Promise<StoredSource>>()
  const pathOf = (digest: Digest) => {
    const hex = checkDigest(digest, 'store').slice('sha256:'.length)
    return join(directory, 'sha256', hex.slice(0, 2), hex)
  }
  const found = async (digest: Digest, size?: number) => {
    const length = await usedSize(pathOf(digest), Date.now())
    return length !== undefined && (size === undefined || length === size)
  }
  const stored = (digest: Digest): StoredSource => ({
    ...fileSource(pathOf(digest)),
    digest,
    path: pathOf(digest),
  })
  const store: Store = {
    directory,
    has: found,
    path: pathOf,
    async source(digest, size) {
      const length = await usedSize(pathOf(digest), Date.now())
      if (length === undefined) throw missing(digest)
      if (size !== undefined && length !== size) throw corrupt(digest, `${length} bytes`, `${size} bytes`)
      return stored(digest)
    },
    async put(chunks, expected) {
      if (await found(expected.digest, expected.size)) return stored(expected.digest)
      await writeOnce(temporary, withDigest(chunks, expected, expected.subject), () =>
        pathOf(expected.digest),
      )
      return stored(expected.digest)
    },
    async take(chunks) {
      const content = hashed(chunks)
      await writeOnce(temporary, content.chunks, () => pathOf(content.digest()))
      return stored(content.digest())
    },
    async adopt(path, expected) {
      try {
        for await (const _ of withDigest(fileSource(path).open(), expected, expected.subject));
        await sync(path)
        await chmod(path, 0o444)
        await mkdir(dirname(pathOf(expected.digest)), { recursive: true })
        await rename(path, pathOf(expected.digest))
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      return stored(expected.digest)
    },
    putFile: (path, expected) => store.put(fileSource(path).open(), expected),
    derived(key, produce) {
      const present = running.get(key)
      if (present) return present
      const work = derive(key, produce).finally(() => running.delete(key))
      running.set(key, work)
      return work
    },
    async verify(digest) {
      const got = await sha256(await store.source(digest))
      if (got !== digest) throw corrupt(digest, got, digest)
    },
    remove: (digest) => rm(pathOf(digest), { force: true }),
    withTemporaryDirectory: (use) => withTemporaryDirectory(temporary, use),
    partials,
  }
  const derive = async (key: string, produce: () => AsyncIterable<Uint8Array>): Promise<StoredSource> => {
    const hex = sha256Text(key).slice('sha256:'.length)
    const recordPath = join(directory, 'derived', hex.slice(0, 2), hex)
    const kept = await readRecord(recordPath, key)
    if (kept && (await found(kept.digest, kept.size))) return stored(kept.digest)
    const made = await store.take(produce())
    await writeOnce(temporary, formatRecord({ key, digest: made.digest, size: made.size }), () => recordPath)
    return made
  }
  return store
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function missing(digest: Digest): StoreError {
  return new StoreError('ROS_STORE_MISSING', 'not in the store', { subject: digest })
}

function corrupt(digest: Digest, got: string, limit: string): StoreError {
  return new StoreError('ROS_STORE_CORRUPT', 'entry is damaged', {
    subject: digest,
    got,
    limit,
    hint: 'remove the entry: it is fetched or computed again when it is next needed',
  })
}
