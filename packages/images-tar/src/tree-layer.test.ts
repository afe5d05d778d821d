import { type ByteSource, collect, fromBytes, fromText, zeros } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { capability, sampleTree } from '../test/sample.ts'
import { tarLayer, treeLayer, writeTreeTar } from './index.ts'
import { indexTar } from './tar-index.ts'

const LIMIT = 10_000_000
const bytesOf = (tree: Tree) => collect(writeTreeTar(tree), LIMIT)
const one = (content: ByteSource, given: Parameters<typeof file>[1] = {}) =>
  new Tree().add('f', file(content, given))

describe('treeLayer', () => {
  test('size and digest are those of the bytes, on every reading', async () => {
    const layer = await treeLayer(sampleTree())
    const first = await collect(layer.open(), LIMIT)
    expect(first).toHaveLength(layer.size)
    expect(await collect(layer.open(), LIMIT)).toEqual(first)
    expect((await tarLayer(fromBytes(first))).diffId).toBe(layer.diffId)
  })

  test('a file that changes between two readings is noticed', async () => {
    let text = 'before'
    const content: ByteSource = { size: 6, open: (...range) => fromText(text).open(...range) }
    const layer = await treeLayer(one(content))
    text = 'after.'
    await expect(collect(layer.open(), LIMIT)).rejects.toMatchObject({ code: 'ROS_BYTES_DIGEST' })
  })

  test.each([0, 1, 511, 512, 513, 1_048_575, 1_048_576, 1_048_577])('a file of %i bytes', async (size) => {
    const whole = await bytesOf(one(zeros(size)))
    expect(whole).toHaveLength(512 + Math.ceil(size / 512) * 512 + 1024)
    expect((await indexTar(fromBytes(whole))).file('f')?.size).toBe(size)
  })

  test.each([1, 99, 100, 101, 4000])('a name of %i characters', async (length) => {
    const name = 'n'.repeat(length)
    const index = await indexTar(fromBytes(await bytesOf(new Tree().add(name, file(fromText('x'))))))
    expect(index.paths).toEqual([name])
  })

  test.each([8 ** 11 - 1, 8 ** 11, 2 ** 40])('the header of a file of %i bytes', async (size) => {
    for await (const chunk of writeTreeTar(one(zeros(size)))) {
      const source: ByteSource = { ...zeros(size + 2048), ...fakeSparse(chunk, size + 2048) }
      expect((await indexTar(source)).file('f')?.size).toBe(size)
      break
    }
  })

  test('capabilities keep their bytes', async () => {
    const tree = one(fromText('x'), { xattrs: new Map([['security.capability', capability]]) })
    const whole = Buffer.from(await bytesOf(tree))
    expect(
      whole.indexOf(
        Buffer.concat([Buffer.from('SCHILY.xattr.security.capability='), capability, Buffer.from('\n')]),
      ),
    ).toBeGreaterThan(0)
  })

  test('a root with a mode of its own has an entry', async () => {
    const tree = new Tree().add('f', file(fromText('')))
    tree.root = { ...tree.root, mode: 0o700 }
    expect(Buffer.from(await bytesOf(tree)).toString('latin1', 0, 3)).toBe('./\0')
  })

  test('refuses what tar cannot hold', async () => {
    const socket = new Tree().add('s', { type: 'socket', mode: 0, uid: 0, gid: 0, mtime: 0 })
    const name = new Tree().add('\udcff', file(fromText('')))
    const major = new Tree().add('d', {
      type: 'block',
      major: 262_144,
      minor: 0,
      mode: 0,
      uid: 0,
      gid: 0,
      mtime: 0,
    })
    const xattr = one(fromText(''), { xattrs: new Map([['user.a=b', new Uint8Array()]]) })
    for (const tree of [socket, name, major, xattr]) {
      await expect(treeLayer(tree)).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ENTRY' })
    }
  })

  test.each([0, 2])('refuses content of %i bytes where 1 was promised', async (length) => {
    const content: ByteSource = { size: 1, open: () => zeros(length).open() }
    await expect(treeLayer(one(content))).rejects.toThrow('f: content has another length')
  })

  test('a failing source fails the layer, and a reader that stops early stops the source', async () => {
    const content: ByteSource = {
      size: 1e9,
      async *open() {
        yield new Uint8Array(100_000)
        throw new Error('disk on fire')
      },
    }
    await expect(treeLayer(one(content))).rejects.toThrow('disk on fire')
    let closed = false
    const endless: ByteSource = {
      size: 1e12,
      async *open() {
        try {
          for (;;) yield new Uint8Array(300_000)
        } finally {
          closed = true
        }
      },
    }
    for await (const _chunk of writeTreeTar(one(endless))) break
    expect(closed).toBe(true)
  })
})

/** `head`, then zeros, without the memory for them. */
function fakeSparse(head: Uint8Array, size: number): Pick<ByteSource, 'readInto' | 'size'> {
  return {
    size,
    readInto(target, offset) {
      target.fill(0)
      if (offset < head.length) target.set(head.subarray(offset, offset + target.length))
    },
  }
}
