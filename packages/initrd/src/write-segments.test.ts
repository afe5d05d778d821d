import { collect, fromBytes, fromText } from '@ros/bytes'
import { detectFormat } from '@ros/compress'
import { device, directory, file, symlink, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { describeTree, LIMIT, sampleTree } from '../test/trees.ts'
import {
  readInitrd,
  type Segment,
  segmentPadding,
  writeInitrd,
  writeSegment,
  writeSegments,
} from './index.ts'

const bytesOf = (segments: readonly Segment[]) => collect(writeSegments(segments), LIMIT)
const KINDS = ['none', 'gzip', 'zstd', 'xz', 'lzma', 'lz4'] as const
const plain = (name: string, tree: Tree): Segment => ({ name, tree, compression: 'none' })
const text = (content: string) => file(fromText(content))

describe('writeSegments', () => {
  const first = new Tree().add('etc', directory()).add('etc/a', text('old')).add('etc/b', text('kept'))
  const second = new Tree().add('etc', directory({ mode: 0o700 })).add('etc/a', text('new'))

  test.each(KINDS)('%s: later segments over earlier ones', async (compression) => {
    const bytes = await bytesOf([
      { name: 'base', tree: first, compression },
      { name: 'change', tree: second, compression },
      { name: 'again', tree: second, compression },
    ])
    const { tree, segments, dropped } = await readInitrd(fromBytes(bytes))
    const expected = new Tree().merge(first).merge(second)
    expect(await describeTree(tree)).toEqual(await describeTree(expected))
    expect(segments.map((segment) => segment.compression)).toEqual([compression, compression, compression])
    expect(segments.every(({ offset }) => offset % 4 === 0)).toBe(true)
    expect(dropped).toEqual([])
  })

  test('every order of compressions is read back', async () => {
    for (const a of KINDS) {
      for (const b of KINDS) {
        for (const c of ['none', a] as const) {
          const bytes = await bytesOf([
            { name: 'a', tree: new Tree().add('a', text('1')), compression: a },
            { name: 'b', tree: new Tree().add('b', text('22')), compression: b },
            { name: 'c', tree: new Tree().add('c', text('333')), compression: c },
          ])
          const { tree, segments } = await readInitrd(fromBytes(bytes))
          expect(segments.map(({ compression }) => compression)).toEqual([a, b, c])
          expect([...tree].map(({ path }) => path)).toEqual(['a', 'b', 'c'])
        }
      }
    }
  })

  test('one segment is the archive alone, without zeros behind it', async () => {
    const tree = sampleTree()
    expect(await bytesOf([plain('all', tree)])).toEqual(await collect(writeInitrd(tree), LIMIT))
    const packed = await bytesOf([{ name: 'all', tree, compression: 'zstd' }])
    expect(packed).toEqual(await collect(writeSegment({ name: 'all', tree, compression: 'zstd' }), LIMIT))
    expect(detectFormat(packed)).toBe('zstd')
    expect(packed.at(-1)).not.toBe(0)
  })

  test('padding to the next multiple of four', () => {
    const lengths = [0, 1, 2, 3, 4, 5, 2 ** 32 + 1]
    for (const last of ['none', 'gzip', 'zstd', 'xz', 'lzma'] as const)
      expect(lengths.map((length) => segmentPadding(length, last))).toEqual([0, 3, 2, 1, 0, 3, 3])
    // Four zeros end lz4's legacy frame.
    expect(lengths.map((length) => segmentPadding(length, 'lz4'))).toEqual([4, 7, 6, 5, 4, 7, 7])
  })

  test('no segments are no bytes', async () => {
    expect(await bytesOf([])).toEqual(new Uint8Array(0))
  })

  test('a level that does not exist is refused', async () => {
    const segment = { name: 'a', tree: first, compression: 'gzip', level: 11 } as const
    await expect(bytesOf([segment])).rejects.toThrow(expect.objectContaining({ code: 'ROS_COMPRESS_LEVEL' }))
  })

  test('what is wrong in the last segment is said before the first byte', async () => {
    const bad = new Tree().add('f', file(fromText(''), { mtime: -1 }))
    await expect(writeSegments([plain('a', first), plain('b', bad)]).next()).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_INITRD_FIELD' }),
    )
  })
})

describe('what the kernel would not do is refused', () => {
  const folder = () => new Tree().add('x', directory())
  const hard = text('shared')
  const conflict = (...trees: Tree[]) =>
    writeSegments(trees.map((tree, i) => plain(`part ${i}`, tree))).next()
  const refused = expect.objectContaining({
    code: 'ROS_INITRD_CONFLICT',
    subject: expect.stringMatching(/^part \d: /),
  })

  test('removing a directory that has entries', async () => {
    const filled = folder().add('x/y', text('y'))
    for (const node of [text(''), symlink('z'), device('block', 1, 1)]) {
      await expect(conflict(filled, new Tree().add('x', node))).rejects.toThrow(refused)
      await expect(conflict(folder(), new Tree().add('x', node))).resolves.toMatchObject({ done: false })
    }
  })

  test('writing through a hard link', async () => {
    const linked = new Tree().add('a', hard).add('b', hard)
    await expect(conflict(linked, new Tree().add('b', text('other')))).rejects.toThrow(refused)
    await expect(conflict(linked, new Tree().add('b', symlink('a')))).resolves.toMatchObject({ done: false })
  })

  test('giving a device node another number', async () => {
    const at = (minor: number) => new Tree().add('d', device('character', 5, minor))
    await expect(conflict(at(1), at(2))).rejects.toThrow(refused)
    await expect(conflict(at(1), at(1))).resolves.toMatchObject({ done: false })
  })

  test('what we let pass, the reader sees as the tree that was meant', async () => {
    const steps = [
      new Tree().add('x', symlink('nowhere')),
      folder().add('x/y', text('y')),
      folder().add('x/y', symlink('z')),
      folder().add('x/y', directory({ mode: 0o700 })),
      folder().add('x/y', { type: 'fifo', mode: 0o644, uid: 0, gid: 0, mtime: 0 }),
    ]
    const { tree, dropped } = await readInitrd(
      fromBytes(await bytesOf(steps.map((step, i) => plain(`${i}`, step)))),
    )
    const expected = steps.reduce((merged, step) => merged.merge(step), new Tree())
    expect(await describeTree(tree)).toEqual(await describeTree(expected))
    expect(dropped).toEqual([])
  })
})
