import { type ByteSource, collect, fromBytes, fromText, zeros } from '@ros/bytes'
import { device, directory, file, symlink, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { LIMIT, sampleTree, streamed } from '../test/trees.ts'
import { initrdSize, writeInitrd } from './index.ts'

const archive = (tree: Tree, options = {}) => collect(writeInitrd(tree, options), LIMIT)
const one = (path: string, node: Parameters<Tree['add']>[1]) => new Tree().add(path, node)

/** Headers in order, as numbers, with their names: a reader of a few lines that shares nothing with ours. */
function headers(bytes: Uint8Array) {
  const text = Buffer.from(bytes)
  const found = []
  for (let at = 0; ; ) {
    const field = (i: number) => Number.parseInt(text.toString('latin1', at + 6 + 8 * i, at + 14 + 8 * i), 16)
    const name = text.toString('utf8', at + 110, at + 110 + field(11) - 1)
    const [ino, mode, uid, gid, nlink, mtime, size] = [0, 1, 2, 3, 4, 5, 6].map(field)
    found.push({
      name,
      ino,
      mode: mode?.toString(8),
      uid,
      gid,
      nlink,
      mtime,
      size,
      rdev: [field(9), field(10)],
    })
    if (name === 'TRAILER!!!') return found
    const content = Math.ceil((at + 110 + field(11)) / 4) * 4
    at = Math.ceil((content + field(6)) / 4) * 4
  }
}

describe('writeInitrd', () => {
  test('an empty tree: the root, the end, zeros up to 512 bytes', async () => {
    const bytes = await archive(new Tree())
    expect(bytes.length).toBe(512)
    const fields = ['00000001', '000041ED', '00000000', '00000000', '00000002', ...Array(6).fill('00000000')]
    const root = `070701${fields.join('')}0000000200000000.\0`
    expect(Buffer.from(bytes.subarray(0, 112)).toString('latin1')).toBe(root)
    expect(Buffer.from(bytes.subarray(112, 118)).toString()).toBe('070701')
    expect(Buffer.from(bytes.subarray(222, 233)).toString('latin1')).toBe('TRAILER!!!\0')
    expect(bytes.subarray(233).every((byte) => byte === 0)).toBe(true)
  })

  test('root first as ".", then bytewise; inodes count from 1; links share one and carry the content last', async () => {
    const found = headers(await archive(sampleTree()))
    expect(found.map(({ name, ino, nlink, size }) => [name, ino, nlink, size])).toEqual([
      ['.', 1, 2, 0],
      ['bin', 2, 2, 0],
      ['bin/a', 3, 3, 0],
      ['bin/b', 3, 3, 0],
      ['bin/c', 3, 3, 10],
      ['bin/su', 4, 1, 6],
      ['dev', 5, 2, 0],
      ['dev/console', 6, 1, 0],
      ['dev/loop7', 7, 1, 0],
      ['empty', 8, 1, 0],
      ['init', 9, 1, 5],
      ['not\ufffdutf8', 10, 1, 2],
      ['näme ☃', 11, 1, 1],
      ['pipe', 12, 1, 0],
      ['socket', 13, 1, 0],
      ['tmp', 14, 2, 0],
      ['TRAILER!!!', 0, 1, 0],
    ])
    expect(found.map(({ mode }) => mode).join(' ')).toBe(
      '40711 40755 100755 100755 100755 104755 40755 20600 60660 100600 120777 100644 100644 10644 140755 41777 0',
    )
    expect(found[7]?.rdev).toEqual([5, 1])
    expect(found[9]).toMatchObject({ uid: 1000, gid: 4_294_967_294 })
    expect(found[10]).toMatchObject({ mtime: 4_294_967_295 })
  })

  test('a symlink or directory object that is used again is written again', async () => {
    const link = symlink('busybox')
    const folder = directory()
    const found = headers(
      await archive(new Tree().add('a', folder).add('b', folder).add('c', link).add('d', link)),
    )
    expect(found.slice(1, 5).map(({ ino, nlink, size }) => [ino, nlink, size])).toEqual([
      [2, 2, 0],
      [3, 2, 0],
      [4, 1, 7],
      [5, 1, 7],
    ])
  })

  test('device nodes can be hard links too', async () => {
    const console = device('character', 5, 1)
    const found = headers(await archive(new Tree().add('a', console).add('b', console)))
    expect(found.slice(1, 3).map(({ ino, nlink, rdev }) => [ino, nlink, rdev])).toEqual([
      [2, 2, [5, 1]],
      [2, 2, [5, 1]],
    ])
  })

  test('mtime as an option stands in every entry', async () => {
    const found = headers(await archive(sampleTree(), { mtime: 1_234_567_890 }))
    expect(new Set(found.slice(0, -1).map(({ mtime }) => mtime))).toEqual(new Set([1_234_567_890]))
    expect(found.at(-1)?.mtime).toBe(0)
  })

  test.each([0, 1, 2, 3, 4, 5, 1_048_575, 1_048_576, 1_048_577, 3_000_000])(
    'a file of %i bytes',
    async (size) => {
      const content = new Uint8Array(size).fill(0xa5)
      const tree = one('f', file(fromBytes(content)))
      const bytes = await archive(tree)
      expect(bytes.length).toBe(initrdSize(tree))
      expect(bytes.length % 512).toBe(0)
      expect(bytes.subarray(224, 224 + size)).toEqual(content)
      expect(bytes.subarray(224 + size).filter((byte) => byte === 0xa5).length).toBe(0)
    },
  )

  test('streamed and directly read content give the same bytes, and so do reused buffers', async () => {
    const content = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 251)
    const make = (source: ByteSource) => one('f', file(source)).add('g', file(source))
    const expected = Buffer.from(await archive(make(fromBytes(content))))
    for (const piece of [1000, 1_048_576, 9_999_999]) {
      expect(expected.equals(await archive(make(streamed(content, piece))))).toBe(true)
    }
    const copies: Uint8Array[] = []
    for await (const chunk of writeInitrd(make(fromBytes(content)), { reuseBuffers: true }))
      copies.push(chunk.slice())
    expect(expected.equals(Buffer.concat(copies))).toBe(true)
  })

  test('with reused buffers a chunk lives until the next but one is asked for', async () => {
    const chunks = writeInitrd(one('f', file(zeros(20_000_000))), { reuseBuffers: true })
    const buffers = new Set<ArrayBufferLike>()
    let count = 0
    for await (const chunk of chunks) {
      buffers.add(chunk.buffer)
      count++
    }
    expect(count).toBeGreaterThan(10)
    expect(buffers.size).toBe(3)
  })
})

describe('a source that is not as long as its size', () => {
  test.each([
    ['shorter', 10, 12],
    ['longer', 10, 8],
  ])('%s', async (_, length, size) => {
    const tree = one('f', file(streamed(new Uint8Array(length), 4, size)))
    await expect(archive(tree)).rejects.toThrow(expect.objectContaining({ code: 'ROS_BYTES_SHORT' }))
  })

  test('an error of a source comes through, and leaving early closes the source', async () => {
    let closed = 0
    const source: ByteSource = {
      size: 50_000_000,
      async *open() {
        try {
          for (let i = 0; i < 40; i++) yield new Uint8Array(1_000_000)
          throw new Error('the disk went away')
        } finally {
          closed++
        }
      },
    }
    await expect(archive(one('f', file(source)))).rejects.toThrow('the disk went away')
    for await (const chunk of writeInitrd(one('f', file(source)))) {
      expect(chunk.length).toBe(1_048_576)
      break
    }
    expect(closed).toBe(2)
  })
})

describe('refused before the first byte', () => {
  const name = (bytes: number) => 'n'.repeat(bytes)
  /** A path of this many bytes, of directories that are all there. */
  function deep(bytes: number): Tree {
    const tree = new Tree()
    const parts: string[] = []
    for (let left = bytes; left > 0; left -= 201) parts.push(name(Math.min(left, left === 201 ? 199 : 200)))
    // One character of two bytes: a tree takes no path of 4096 characters.
    const path = `é${parts.join('/').padEnd(bytes, 'x').slice(2)}`
    return tree.addDirectories(path.slice(0, path.lastIndexOf('/'))).add(path, file(fromText('x')))
  }

  test.each([
    ['name of 256 bytes', 'ROS_INITRD_NAME', () => one(name(256), file(fromText('')))],
    ['name of 86 characters, 258 bytes', 'ROS_INITRD_NAME', () => one('☃'.repeat(86), directory())],
    ['path of 4096 bytes', 'ROS_INITRD_NAME', () => deep(4096)],
    ['the name that ends an archive', 'ROS_INITRD_NAME', () => one('TRAILER!!!', file(fromText('')))],
    ['link target of 4096 bytes', 'ROS_INITRD_NAME', () => one('l', symlink(name(4096)))],
    ['file of 4 GiB', 'ROS_INITRD_SIZE', () => one('f', file(zeros(2 ** 32)))],
    ['uid that chown ignores', 'ROS_INITRD_FIELD', () => one('f', file(fromText(''), { uid: 2 ** 32 - 1 }))],
    ['gid that chown ignores', 'ROS_INITRD_FIELD', () => one('f', file(fromText(''), { gid: 2 ** 32 - 1 }))],
    ['time before 1970', 'ROS_INITRD_FIELD', () => one('f', file(fromText(''), { mtime: -1 }))],
    ['time after 2106', 'ROS_INITRD_FIELD', () => one('f', file(fromText(''), { mtime: 2 ** 32 }))],
    ['major of 13 bits', 'ROS_INITRD_FIELD', () => one('d', device('block', 4096, 0))],
    ['minor of 21 bits', 'ROS_INITRD_FIELD', () => one('d', device('character', 1, 2 ** 20))],
    [
      'extended attributes',
      'ROS_INITRD_XATTR',
      () =>
        one('ping', file(fromText(''), { xattrs: new Map([['security.capability', new Uint8Array(20)]]) })),
    ],
  ])('%s', async (_, code, make) => {
    const chunks = writeInitrd(make())
    await expect(chunks.next()).rejects.toThrow(expect.objectContaining({ code, name: 'InitrdError' }))
    expect(() => initrdSize(make())).toThrow(expect.objectContaining({ code }))
  })

  test('an mtime that is no field value', async () => {
    for (const mtime of [-1, 2 ** 32, 0.5, Number.NaN]) {
      await expect(archive(new Tree(), { mtime })).rejects.toThrow(
        expect.objectContaining({ code: 'ROS_INITRD_FIELD', subject: 'option mtime' }),
      )
    }
    // A node's own time does not matter when it is not written.
    expect(headers(await archive(one('f', file(fromText(''), { mtime: -1 })), { mtime: 7 }))[1]?.mtime).toBe(
      7,
    )
  })

  test('what just fits is taken', () => {
    const largest = one('f', file(zeros(2 ** 32 - 1)))
    expect(initrdSize(largest)).toBe(2 ** 32 + 512)
    expect(initrdSize(one('f', file(zeros(2 ** 31))))).toBe(2 ** 31 + 512)
    expect(initrdSize(one(name(255), directory()))).toBe(1024)
    expect(initrdSize(one('☃'.repeat(85), directory()))).toBe(1024)
    expect(initrdSize(deep(4095))).toBeGreaterThan(4095)
    expect(initrdSize(one('l', symlink(name(4095))))).toBe(4608)
    expect(
      initrdSize(one('d', device('block', 4095, 1_048_575, { uid: 2 ** 32 - 2, mtime: 2 ** 32 - 1 }))),
    ).toBe(512)
    expect(initrdSize(one('a', directory()).add('a/TRAILER!!!', directory()))).toBe(512)
  })
})
