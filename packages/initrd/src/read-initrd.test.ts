import { collect, fromBytes, zeros } from '@ros/bytes'
import { gzip } from '@ros/compress'
import type { Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { type RawEntry, rawArchive, rawEntry, trailerEntry } from '../test/archive.ts'
import { describeTree, LIMIT, sampleTree, streamed } from '../test/trees.ts'
import { readInitrd, writeInitrd } from './index.ts'

const DIRECTORY = 0o040755
const SYMLINK = 0o120777
const read = (...parts: readonly Uint8Array[]) => readInitrd(fromBytes(Buffer.concat(parts)))
const unpack = (...entries: readonly RawEntry[]) => read(rawArchive(...entries))
const broken = (message: RegExp) =>
  expect.objectContaining({ code: 'ROS_INITRD_ARCHIVE', message: expect.stringMatching(message) })

async function contentOf(tree: Tree, path: string): Promise<string | undefined> {
  const node = tree.get(path)
  return node?.type === 'file' ? Buffer.from(await collect(node.content.open(), LIMIT)).toString() : undefined
}

/** Paths with a file's content or a link's target. */
async function listing(tree: Tree): Promise<string[]> {
  const lines: string[] = []
  for (const { path, node } of tree) {
    const rest = node.type === 'symlink' ? node.target : await contentOf(tree, path)
    lines.push(rest === undefined ? `${path} ${node.type}` : `${path} ${rest}`)
  }
  return lines
}

describe('readInitrd gives back what writeInitrd took', () => {
  test.each([
    ['at once', fromBytes],
    ['streamed', (bytes: Uint8Array) => streamed(bytes, 1000)],
  ])('%s', async (_, source) => {
    const bytes = await collect(writeInitrd(sampleTree()), LIMIT)
    const { tree, segments, dropped } = await readInitrd(source(bytes))
    expect(await describeTree(tree)).toEqual(await describeTree(sampleTree()))
    expect(segments).toEqual([
      {
        compression: 'none',
        offset: 0,
        size: expect.any(Number),
        contentSize: segments[0]?.size,
        entries: 16,
      },
    ])
    expect(dropped).toEqual([])
  })

  test('nothing, and only zeros, are an empty tree', async () => {
    for (const source of [fromBytes(new Uint8Array(0)), zeros(200_000)]) {
      expect(await readInitrd(source)).toMatchObject({ segments: [], dropped: [], tree: { size: 0 } })
    }
  })
})

describe('what Linux accepts', () => {
  test('zeros before, between and behind archives; a missing end', async () => {
    const archive = (name: string) => rawArchive({ name, content: name })
    const { tree, segments } = await read(
      Buffer.alloc(70_000),
      archive('a'),
      Buffer.alloc(70_000),
      archive('b'),
      archive('c'),
      rawEntry({ name: 'd', content: 'd' }),
    )
    expect(await listing(tree)).toEqual(['a a', 'b b', 'c c', 'd d'])
    expect(segments.map(({ entries }) => entries)).toEqual([1, 1, 1, 1])
  })

  test('names with ./, /, doubled and trailing slashes; upper-case digits', async () => {
    const { tree } = await read(
      rawArchive({ name: '.', mode: 0o040700 }, { name: './x/', mode: DIRECTORY }),
      rawArchive(
        { name: '/x//y', content: '1' },
        { name: 'x/./z', content: '2' },
        { name: 'x/../w', content: '3' },
      ),
      Buffer.from(
        rawEntry({ name: 'u', ino: 0xabcdef }).toString('latin1').toUpperCase().replace('U', 'u'),
        'latin1',
      ),
    )
    expect(await listing(tree)).toEqual(['u ', 'w 3', 'x directory', 'x/y 1', 'x/z 2'])
    expect(tree.root.mode).toBe(0o700)
  })

  test('checksums of 070702, which have to be right', async () => {
    const entry = { name: 'f', content: 'abc', magic: '070702' }
    expect(await contentOf((await unpack({ ...entry, check: 97 + 98 + 99 })).tree, 'f')).toBe('abc')
    await expect(unpack({ ...entry, check: 5 })).rejects.toThrow(broken(/another sum/))
  })

  test('hard links with the content first, last or in the middle', async () => {
    for (const at of [0, 1, 2]) {
      const entries = ['a', 'b', 'c'].map((name, i) => ({
        name,
        nlink: 3,
        ino: 7,
        content: i === at ? 'data' : '',
      }))
      const { tree } = await unpack(...entries)
      expect(await listing(tree)).toEqual(['a data', 'b data', 'c data'])
      expect(tree.get('a')).toBe(tree.get('c'))
    }
  })

  test('a link count of one, another device or another archive are other files', async () => {
    const one = await unpack({ name: 'a', ino: 7, content: '1' }, { name: 'b', ino: 7, content: '2' })
    expect(await listing(one.tree)).toEqual(['a 1', 'b 2'])
    const linked = { ino: 7, nlink: 2 }
    const two = await read(
      rawArchive({ ...linked, name: 'a', content: '1' }),
      rawArchive({ ...linked, name: 'b', content: '2' }),
    )
    expect(await listing(two.tree)).toEqual(['a 1', 'b 2'])
    const types = await unpack({ ...linked, name: 'a' }, { ...linked, name: 'b', mode: 0o010644 })
    expect(types.tree.get('b')?.type).toBe('fifo')
  })

  test('later entries take the place of earlier ones', async () => {
    const { tree, dropped } = await unpack(
      { name: 'a', content: 'old' },
      { name: 'b', mode: SYMLINK, content: 'a' },
      { name: 'c', mode: DIRECTORY },
      { name: 'a', content: 'new', mode: 0o100600 },
      { name: 'b', content: 'file' },
      { name: 'c', content: 'file' },
    )
    expect(await listing(tree)).toEqual(['a new', 'b file', 'c file'])
    expect(tree.get('a')?.mode).toBe(0o600)
    expect(dropped).toEqual([])
  })

  test('a file over a hard link is written through to its other names', async () => {
    const { tree } = await read(
      rawArchive({ name: 'a', ino: 7, nlink: 2 }, { name: 'b', ino: 7, nlink: 2, content: 'old' }),
      rawArchive({ name: 'a', content: 'new' }),
    )
    expect(await listing(tree)).toEqual(['a new', 'b new'])
  })

  test('directories that are symlinks are followed, inside the root', async () => {
    const { tree, dropped } = await unpack(
      { name: 'usr', mode: DIRECTORY },
      { name: 'usr/lib', mode: DIRECTORY },
      { name: 'lib', mode: SYMLINK, content: 'usr/lib' },
      { name: 'abs', mode: SYMLINK, content: '/lib' },
      { name: 'up', mode: SYMLINK, content: '../../../usr' },
      { name: 'lib/a', content: '1' },
      { name: 'abs/b', content: '2' },
      { name: 'up/c', content: '3' },
      { name: '../../d', content: '4' },
    )
    expect((await listing(tree)).filter((line) => /\d$/.test(line))).toEqual([
      'd 4',
      'usr/c 3',
      'usr/lib/a 1',
      'usr/lib/b 2',
    ])
    expect(dropped).toEqual([])
  })
})

describe('what Linux drops is listed', () => {
  test.each<[string, RegExp, RawEntry[]]>([
    ['no directory', /directory is not there/, [{ name: 'none/x' }]],
    ['a file as directory', /directory is not there/, [{ name: 'f' }, { name: 'f/x' }]],
    [
      'symlinks in a circle',
      /directory is not there/,
      [
        { name: 'a', mode: SYMLINK, content: 'b' },
        { name: 'b', mode: SYMLINK, content: 'a' },
        { name: 'a/x' },
      ],
    ],
    ['a name of 256 bytes', /more than 255 bytes/, [{ name: 'n'.repeat(256) }]],
    ['a path of 4096 bytes', /longer than a path/, [{ name: 'n/'.repeat(2048) }]],
    ['no NUL', /no NUL/, [{ name: Buffer.from('abc') }]],
    ['no name', /name is empty/, [{ name: '' }]],
    ['no type', /unknown type/, [{ name: 'x', mode: 0o644 }]],
    ['a directory with content', /directory with content/, [{ name: 'x', mode: DIRECTORY, content: 'x' }]],
    ['a symlink to nothing', /target is empty/, [{ name: 'x', mode: SYMLINK }]],
    ['a long symlink', /longer than a path/, [{ name: 'x', mode: SYMLINK, content: 't'.repeat(4096) }]],
    ['a longer symlink', /longer than a path/, [{ name: 'x', mode: SYMLINK, content: 't'.repeat(5000) }]],
    [
      'a file over a full directory',
      /directory with entries/,
      [{ name: 'd', mode: DIRECTORY }, { name: 'd/x' }, { name: 'd' }],
    ],
    [
      'a symlink over a full directory',
      /directory with entries/,
      [{ name: 'd', mode: DIRECTORY }, { name: 'd/x' }, { name: 'd', mode: SYMLINK, content: 'y' }],
    ],
    [
      'a device over another',
      /another number/,
      [
        { name: 'd', mode: 0o020600, rdev: [5, 1] },
        { name: 'd', mode: 0o020600, rdev: [5, 2] },
      ],
    ],
    [
      'a file where only a directory can be',
      /only a directory/,
      [{ name: 'd', mode: DIRECTORY }, { name: 'd/.' }],
    ],
    [
      'a link to itself',
      /link of is not there/,
      [
        { name: 'f', ino: 3, nlink: 2 },
        { name: 'f', ino: 3, nlink: 2 },
      ],
    ],
  ])('%s', async (_, reason, entries) => {
    const { tree, dropped, segments } = await unpack(...entries, { name: 'after', content: 'still here' })
    expect(dropped).toHaveLength(1)
    expect(dropped[0]?.reason).toMatch(reason)
    expect(await contentOf(tree, 'after')).toBe('still here')
    expect(segments[0]?.entries).toBe(entries.length + 1)
  })
})

describe('where Linux fails, we do', () => {
  const archive = rawArchive({ name: 'a', content: 'abc' })

  test.each<[string, RegExp, Uint8Array[]]>([
    ['junk behind an archive', /neither an archive nor compressed/, [archive, Buffer.from('junk')]],
    ['an archive off its border', /multiple of 4/, [archive, Buffer.alloc(1), archive]],
    ['old binary cpio', /neither an archive/, [Buffer.from([0xc7, 0x71, 0, 0])]],
    ['old character cpio', /no newc header/, [Buffer.from('070707'.padEnd(200, '0'))]],
    ['digits that are none', /broken header/, [Buffer.from('070701'.padEnd(110, '0x'))]],
    ['a cut header', /cut inside a header/, [archive.subarray(0, 100)]],
    ['a cut name', /cut inside an entry/, [archive.subarray(0, 111)]],
    ['cut content', /cut inside an entry/, [archive.subarray(0, 114)]],
  ])('%s', async (_, message, parts) => {
    await expect(read(...parts)).rejects.toThrow(broken(message))
  })

  test('compressed: no end, junk behind the end, zeros before the start', async () => {
    const packed = async (...parts: Uint8Array[]) =>
      read(await collect(gzip([Buffer.concat(parts)], { level: 1 }), LIMIT))
    await expect(packed(rawEntry({ name: 'a' }))).rejects.toThrow(broken(/has no end/))
    await expect(packed(archive, Buffer.from('junk'))).rejects.toThrow(broken(/cut inside a header/))
    await expect(packed(Buffer.alloc(4), archive)).rejects.toThrow(broken(/no newc header/))
    expect(await listing((await packed(archive, Buffer.alloc(512), archive, Buffer.alloc(3))).tree)).toEqual([
      'a abc',
    ])
  })

  test('too much for memory', async () => {
    const packed = await collect(gzip(writeInitrd(sampleTree()), { level: 1 }), LIMIT)
    const both = fromBytes(Buffer.concat([packed, packed]))
    await expect(readInitrd(both, { memoryLimit: 4095 })).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_INITRD_LIMIT', subject: `offset ${packed.length}` }),
    )
    expect((await readInitrd(both, { memoryLimit: 4096 })).tree.size).toBe(15)
  })

  test('a cut compressed segment, and a format that is not read', async () => {
    const packed = await collect(gzip([trailerEntry], { level: 1 }), LIMIT)
    await expect(read(packed.subarray(0, -3))).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_TRUNCATED' }),
    )
    await expect(read(Buffer.from('BZh9'))).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_COMPRESS_FORMAT', subject: 'bzip2' }),
    )
  })
})
