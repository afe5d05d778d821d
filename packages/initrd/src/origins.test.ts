import { collect, fromBytes, fromText } from '@ros/bytes'
import { gzip } from '@ros/compress'
import { directory, file, symlink, Tree } from '@ros/tree'
import { expect, test } from 'vitest'
import { rawArchive, rawEntry } from '../test/archive.ts'
import { LIMIT } from '../test/trees.ts'
import { readInitrd, writeSegments } from './index.ts'

const text = (content: string) => file(fromText(content))

test('each path tells which entry of which archive made it', async () => {
  const first = new Tree().add('etc', directory()).add('etc/a', text('old')).add('etc/b', text('kept'))
  const second = new Tree().add('etc', directory({ mode: 0o700 })).add('etc/a', symlink('b'))
  const bytes = await collect(
    writeSegments([
      { name: 'first', tree: first, compression: 'none' },
      { name: 'second', tree: second, compression: 'zstd' },
    ]),
    LIMIT,
  )
  const { tree, origins } = await readInitrd(fromBytes(bytes))
  expect([...origins.keys()].sort()).toEqual(['', ...[...tree].map(({ path }) => path)])
  expect(origins.get('')).toEqual({ segment: 1, archive: 1, offset: 0 })
  expect(origins.get('etc')).toMatchObject({ segment: 1, archive: 1 })
  expect(origins.get('etc/a')).toMatchObject({ segment: 1, archive: 1 })
  const kept = origins.get('etc/b')
  expect(kept).toMatchObject({ segment: 0, archive: 0 })
  expect(
    Buffer.from(bytes)
      .subarray(kept?.offset, (kept?.offset ?? 0) + 6)
      .toString(),
  ).toBe('070701')
  expect(Buffer.from(bytes).indexOf('etc/b')).toBe((kept?.offset ?? 0) + 110)
})

test('archives are counted through segments; what is gone or dropped has no origin', async () => {
  const pair = Buffer.concat([
    rawArchive({ name: 'a', content: '1' }, { name: 'gone', content: 'x' }),
    rawArchive({ name: 'b', content: '2' }, { name: 'no/where', content: 'x' }),
  ])
  const plain = rawArchive({ name: 'gone', mode: 0o040755 }, { name: 'gone/c', content: '3' }, { name: 'a' })
  const parts = [plain, await collect(gzip([pair], { level: 1 }), LIMIT)]
  const { origins, dropped } = await readInitrd(fromBytes(Buffer.concat(parts)))
  expect(Object.fromEntries(origins)).toEqual({
    gone: { segment: 0, archive: 0, offset: 0 },
    'gone/c': { segment: 0, archive: 0, offset: rawEntry({ name: 'gone' }).length },
    a: { segment: 1, archive: 1, offset: 0 },
    b: { segment: 1, archive: 2, offset: expect.any(Number) },
  })
  expect(dropped.map(({ name }) => name)).toEqual(['gone', 'no/where'])
})

test('every name of a hard link has its own entry', async () => {
  const shared = text('one')
  const tree = new Tree().add('x', shared).add('y', shared)
  const bytes = await collect(writeSegments([{ name: 'all', tree, compression: 'none' }]), LIMIT)
  const { origins } = await readInitrd(fromBytes(bytes))
  expect(origins.get('x')?.offset).not.toBe(origins.get('y')?.offset)
})
