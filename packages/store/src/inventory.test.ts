import { chmod, mkdtemp, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { type Digest, sha256Text } from '@ros/bytes/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore, pruneStore, type Store, storeEntries, verifyStore } from './index.ts'

const DAY = 86_400_000
let directory: string
let store: Store
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ros-inventory-'))
  store = await openStore(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const put = async (text: string): Promise<Digest> => {
  const { digest } = await store.put(fromText(text).open(), { digest: sha256Text(text), subject: text })
  return digest
}
const age = async (digest: Digest, days: number) => {
  const seconds = Date.now() / 1000 - days * 86_400
  await utimes(store.path(digest), seconds, seconds)
}

test('lists content with size and, for what was computed, its key', async () => {
  const hello = await put('hello')
  const { digest } = await store.derived('the key', () => fromText('made').open())
  const entries = await storeEntries(store)
  expect(entries.map((entry) => entry.digest)).toEqual([hello, digest].sort())
  expect(entries.find((entry) => entry.digest === digest)).toMatchObject({ size: 4, key: 'the key' })
  expect(entries.find((entry) => entry.digest === hello)?.key).toBeUndefined()
})

test('use makes content young again, so that prune leaves it', async () => {
  const used = await put('used')
  const unused = await put('unused')
  const kept = await put('kept')
  for (const digest of [used, unused, kept]) await age(digest, 40)
  expect(await store.has(used)).toBe(true)
  expect(Date.now() - (await stat(store.path(used))).mtimeMs).toBeLessThan(DAY)
  const removed = await pruneStore(store, { unusedSinceMs: Date.now() - 30 * DAY, keep: new Set([kept]) })
  expect(removed.map(({ digest }) => digest)).toEqual([unused])
  expect((await storeEntries(store)).map(({ digest }) => digest)).toEqual([used, kept].sort())
})

test('a computed result that was pruned is computed again', async () => {
  let calls = 0
  const make = () => {
    calls++
    return fromText('made').open()
  }
  const { digest } = await store.derived('key', make)
  await age(digest, 40)
  await pruneStore(store, { unusedSinceMs: Date.now() - DAY })
  await store.derived('key', make)
  expect(calls).toBe(2)
})

test('verify removes damaged content, whatever its length, and leaves the rest', async () => {
  const [good, changed, cut] = [await put('good'), await put('changed'), await put('cut off')]
  for (const digest of [changed, cut]) await chmod(store.path(digest), 0o644)
  await writeFile(store.path(changed), 'chanted')
  await truncate(store.path(cut), 3)
  const damaged = await verifyStore(store)
  expect(damaged.map(({ digest }) => digest).sort()).toEqual([changed, cut].sort())
  expect((await storeEntries(store)).map(({ digest }) => digest)).toEqual([good])
  expect(await verifyStore(store)).toEqual([])
})
