import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromText, readAll } from '@ros/bytes'
import { type Digest, sha256Text } from '@ros/bytes/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStore, type Store, StoreError } from './index.ts'

let directory: string
let store: Store

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ros-store-'))
  store = await openStore(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const hello = sha256Text('hello')
const expected = { digest: hello, size: 5, subject: 'greeting' }
const read = async (digest: Digest) =>
  new TextDecoder().decode(await readAll(await store.source(digest), 1000))
const temporaries = () => readdir(join(directory, 'temporary'))

async function* failing(): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode('hel')
  throw new Error('connection lost')
}

describe('put', () => {
  test('keeps content under its digest and gives it back', async () => {
    expect(await store.has(hello)).toBe(false)
    const stored = await store.put(fromText('hello').open(), expected)
    expect(stored).toMatchObject({ size: 5, digest: hello, path: store.path(hello) })
    expect(stored.path).toBe(join(directory, 'sha256', hello.slice(7, 9), hello.slice(7)))
    expect(await read(hello)).toBe('hello')
    expect(await store.has(hello, 5)).toBe(true)
    expect((await stat(stored.path)).mode & 0o777).toBe(0o444)
    expect(await temporaries()).toEqual([])
  })

  test('does not read content that is here already', async () => {
    await store.put(fromText('hello').open(), expected)
    await store.put(failing(), expected)
    expect(await read(hello)).toBe('hello')
  })

  test.each([
    ['another content', fromText('hullo').open()],
    ['too few bytes', fromText('hell').open()],
    ['too many bytes', fromText('hello!').open()],
  ])('%s throws and leaves nothing', async (_, chunks) => {
    await expect(store.put(chunks, expected)).rejects.toMatchObject({
      code: 'ROS_BYTES_DIGEST',
      subject: 'greeting',
    })
    expect(await store.has(hello)).toBe(false)
    expect(await temporaries()).toEqual([])
  })

  test('an input that breaks off leaves nothing', async () => {
    await expect(store.put(failing(), expected)).rejects.toThrow('connection lost')
    expect(await temporaries()).toEqual([])
  })

  test('takes a copy of a file', async () => {
    const path = join(directory, 'outside')
    await writeFile(path, 'hello')
    await store.putFile(path, expected)
    expect(await read(hello)).toBe('hello')
    expect(await readFile(path, 'utf8')).toBe('hello')
  })

  test('refuses a digest that is none', async () => {
    const digest = 'sha256:../../etc/passwd' as Digest
    await expect(store.has(digest)).rejects.toMatchObject({ code: 'ROS_BYTES_DIGEST' })
  })
})

describe('damage', () => {
  beforeEach(async () => {
    const { path } = await store.put(fromText('hello').open(), expected)
    await chmod(path, 0o644)
  })

  test('another length counts as absent and is put right', async () => {
    await truncate(store.path(hello), 3)
    expect(await store.has(hello, 5)).toBe(false)
    await expect(store.source(hello, 5)).rejects.toMatchObject({
      code: 'ROS_STORE_CORRUPT',
      got: '3 bytes',
      limit: '5 bytes',
    })
    await store.put(fromText('hello').open(), expected)
    expect(await read(hello)).toBe('hello')
  })

  test('verify reads the content', async () => {
    await store.verify(hello)
    await writeFile(store.path(hello), 'jello')
    expect(await store.has(hello, 5)).toBe(true)
    await expect(store.verify(hello)).rejects.toMatchObject({
      code: 'ROS_STORE_CORRUPT',
      got: sha256Text('jello'),
    })
    await store.remove(hello)
    await expect(store.verify(hello)).rejects.toMatchObject({ code: 'ROS_STORE_MISSING', subject: hello })
    await expect(store.source(hello)).rejects.toBeInstanceOf(StoreError)
    await store.remove(hello)
  })
})

describe('derived', () => {
  const counted = (text: string) => {
    const produce = () => {
      produce.calls++
      return fromText(text).open()
    }
    produce.calls = 0
    return produce
  }

  test('computes once for a key, also across openings', async () => {
    const produce = counted('result')
    const first = await store.derived('a v1', produce)
    expect(first.digest).toBe(sha256Text('result'))
    const again = await (await openStore(directory)).derived('a v1', produce)
    expect(again).toMatchObject({ digest: first.digest, size: 6, path: first.path })
    expect(produce.calls).toBe(1)
    await store.derived('a v2', produce)
    expect(produce.calls).toBe(2)
    await store.verify(first.digest)
  })

  test('computes once for askers at the same time', async () => {
    const produce = counted('shared')
    const both = await Promise.all([store.derived('k', produce), store.derived('k', produce)])
    expect(both[0]).toBe(both[1])
    expect(produce.calls).toBe(1)
  })

  test('computes again when the content is gone, cut, or its record unreadable', async () => {
    const produce = counted('result')
    const { digest, path } = await store.derived('k', produce)
    await store.remove(digest)
    await store.derived('k', produce)
    expect(produce.calls).toBe(2)
    await chmod(path, 0o644)
    await truncate(path, 2)
    await store.derived('k', produce)
    expect(produce.calls).toBe(3)
    const hex = sha256Text('k').slice(7)
    const record = join(directory, 'derived', hex.slice(0, 2), hex)
    for (const text of ['', '{', 'null', '{"key":"other"}', '{"key":"k","digest":"sha256:..","size":6}']) {
      await chmod(record, 0o644)
      await writeFile(record, text)
      expect((await store.derived('k', produce)).digest).toBe(digest)
    }
    expect(produce.calls).toBe(8)
  })

  test('a failure leaves nothing and the next asker tries again', async () => {
    await expect(store.derived('k', failing)).rejects.toThrow('connection lost')
    expect(await temporaries()).toEqual([])
    expect(await readdir(join(directory, 'derived'))).toEqual([])
    const bytes = await collect((await store.derived('k', counted('x'))).open(), 10)
    expect(new TextDecoder().decode(bytes)).toBe('x')
  })
})

test('a temporary directory lives as long as its use', async () => {
  let seen = ''
  await expect(
    store.withTemporaryDirectory(async (path) => {
      seen = path
      await writeFile(join(path, 'file'), 'x')
      throw new Error('stop')
    }),
  ).rejects.toThrow('stop')
  expect(seen.startsWith(join(directory, 'temporary'))).toBe(true)
  expect(await temporaries()).toEqual([])
})

test('a directory that cannot be used is an error', async () => {
  const path = join(directory, 'file')
  await writeFile(path, '')
  await expect(openStore(path)).rejects.toMatchObject({ code: 'ROS_STORE_DIRECTORY', subject: path })
})
