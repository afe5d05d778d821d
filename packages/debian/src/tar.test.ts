import { concat, fromBytes, readAll, slice, zeros } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Headers, patchedHeader, tarArchive } from '../test/archives.ts'
import { readTar } from './index.ts'

const read = async (...entries: Parameters<typeof tarArchive>[0]) =>
  readTar(fromBytes(await tarArchive(entries)), 'test.tar')
const content = async (tree: Tree, path: string) => {
  const node = tree.get(path)
  if (node?.type !== 'file') throw new Error(`${path} is ${node?.type}`)
  return Buffer.from(await readAll(node.content, 1e6)).toString()
}

describe('entries', () => {
  test('every type with its metadata', async () => {
    const tree = await read(
      { name: './', type: 'directory', mode: 0o1777, mtime: new Date(5000) },
      { name: './bin/', type: 'directory', mode: 0o755, uid: 1, gid: 2, mtime: new Date(1_700_000_000_000) },
      { name: './bin/su', mode: 0o4755, gid: 42, body: 'hello' },
      { name: './bin/empty', mode: 0o644 },
      { name: './bin/link', type: 'symlink', linkname: '../etc/x', mode: 0o777 },
      { name: './null', type: 'character-device', mode: 0o666, devmajor: 1, devminor: 3 },
      { name: './sda', type: 'block-device', mode: 0o660, devmajor: 8, devminor: 1000 },
      { name: './pipe', type: 'fifo', mode: 0o600 },
    )
    expect(tree.root).toMatchObject({ mode: 0o1777, mtime: 5 })
    const owner = { uid: 0, gid: 0, mtime: 0 }
    expect([...tree].map(({ path, node }) => [path, node])).toMatchObject([
      ['bin', { type: 'directory', mode: 0o755, uid: 1, gid: 2, mtime: 1_700_000_000 }],
      ['bin/empty', { type: 'file', mode: 0o644, ...owner, content: { size: 0 } }],
      ['bin/link', { type: 'symlink', target: '../etc/x', mode: 0o777, ...owner }],
      ['bin/su', { type: 'file', mode: 0o4755, uid: 0, gid: 42, content: { size: 5 } }],
      ['null', { type: 'character', major: 1, minor: 3, mode: 0o666 }],
      ['pipe', { type: 'fifo', mode: 0o600 }],
      ['sda', { type: 'block', major: 8, minor: 1000 }],
    ])
    expect(await content(tree, 'bin/su')).toBe('hello')
  })

  test('hard links share one node', async () => {
    const tree = await read(
      { name: 'a', body: 'x' },
      { name: 'l', type: 'symlink', linkname: 'a' },
      { name: 'b', type: 'link', linkname: './a' },
      { name: 'c', type: 'link', linkname: 'l' },
    )
    expect(tree.get('b')).toBe(tree.get('a'))
    expect(tree.get('c')).toBe(tree.get('l'))
  })

  test('directories that are left out are made', async () => {
    const tree = await read({ name: 'a/b/c', body: 'x', mtime: new Date(9000) })
    expect(tree.get('a/b')).toMatchObject({ type: 'directory', mode: 0o755, uid: 0, mtime: 9 })
  })

  test('pax: long names, large numbers, times with fractions, extended attributes, other alphabets', async () => {
    const long = `${'d/'.repeat(60)}${'é'.repeat(100)}`
    const tree = await read(
      {
        name: long,
        body: 'long',
        uid: 3_000_000,
        pax: { mtime: '12.75', 'SCHILY.xattr.user.a': 'value', uid: '3000000' },
      } as Headers & { body: string },
      { name: 'link', type: 'symlink', linkname: 'x'.repeat(300) },
      { name: 'plain', body: 'p' },
    )
    const node = tree.get(long)
    expect(node).toMatchObject({ uid: 3_000_000, mtime: 12 })
    expect(node?.xattrs?.get('user.a')).toEqual(new Uint8Array(Buffer.from('value')))
    expect(await content(tree, long)).toBe('long')
    expect(tree.get('link')).toMatchObject({ target: 'x'.repeat(300) })
    expect(tree.get('plain')).toMatchObject({ mtime: 0, uid: 0 })
    expect(tree.get('plain')?.xattrs).toBeUndefined()
  })

  test('a file of more than 8 GiB, its size in base 256', async () => {
    const size = 2 ** 33 + 5
    const archive = await tarArchive([{ name: 'big' }, { name: 'after', body: 'end' }])
    const header = patchedHeader(archive.subarray(0, 512), (block) => {
      block.fill(0, 124, 136)
      block[124] = 0x80
      block.writeBigUInt64BE(BigInt(size), 128)
    })
    const padded = Math.ceil(size / 512) * 512
    const source = concat([fromBytes(header), zeros(padded), fromBytes(archive.subarray(512))])
    const tree = await readTar(source, 'big.tar')
    expect(tree.get('big')).toMatchObject({ content: { size } })
    expect(await content(tree, 'after')).toBe('end')
  })

  test('negative times, names with bytes that are not UTF-8, the oldest format', async () => {
    const archive = await tarArchive([{ name: 'x' }, { name: 'dir/' }])
    const first = patchedHeader(archive.subarray(0, 512), (block) => {
      block.write('\xff\xfe', 0, 'latin1')
      block.fill(0xff, 136, 148)
      block.fill(0, 257, 512)
    })
    const second = patchedHeader(archive.subarray(512, 1024), (block) => {
      block[156] = 0
    })
    const rest = archive.subarray(1024)
    const tree = await readTar(fromBytes(Buffer.concat([first, second, rest])), 'old.tar')
    expect(tree.get('\udcff\udcfe')).toMatchObject({ mtime: -1 })
    expect(tree.get('dir')).toMatchObject({ type: 'directory' })
  })
})

test('reads back whatever tar-stream writes', async () => {
  const name = fc
    .array(
      fc.stringMatching(/^[a-zé._-]{1,40}$/).filter((part) => part !== '.' && part !== '..'),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    .map((parts) => parts.join('/'))
  const entry = fc.record({
    name,
    body: fc.uint8Array({ maxLength: 1500 }),
    // tar-stream takes 0 for none given, clamps owners at 0o777777
    mode: fc.integer({ min: 1, max: 0o7777 }),
    uid: fc.nat(0o777777),
    // and wraps times at 2³¹.
    seconds: fc.nat(2 ** 31 - 1),
  })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(entry, { selector: (one) => one.name, maxLength: 8 }), async (given) => {
      const clashes = given.some((a) => given.some((b) => b.name.startsWith(`${a.name}/`)))
      fc.pre(!clashes)
      const tree = await read(
        ...given.map(({ seconds, ...rest }) => ({ ...rest, mtime: new Date(seconds * 1000) })),
      )
      for (const { name: path, body, mode, uid, seconds } of given) {
        const node = tree.get(path)
        expect(node).toMatchObject({ type: 'file', mode, uid, mtime: seconds })
        if (node?.type === 'file') expect(await readAll(node.content, 2000)).toEqual(new Uint8Array(body))
      }
    }),
  )
})

test('an archive that is cut anywhere is noticed', async () => {
  const archive = await tarArchive([
    { name: 'a', body: 'x'.repeat(600) },
    { name: 'n'.repeat(150), body: 'y' },
  ])
  const end = archive.length - 1024
  for (let length = 0; length < end; length += 64) {
    const cut = readTar(slice(fromBytes(archive), 0, length), 'cut.tar')
    await expect(cut, `cut at ${length}`).rejects.toMatchObject({ code: 'ROS_DEBIAN_TAR' })
  }
  expect((await readTar(slice(fromBytes(archive), 0, end + 512), 'one zero block')).size).toBe(2)
})
