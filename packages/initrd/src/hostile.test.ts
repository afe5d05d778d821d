import { collect, fromBytes, type RosError, zeros } from '@ros/bytes'
import { gzip } from '@ros/compress'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawArchive, rawEntry, trailerEntry } from '../test/archive.ts'
import { LIMIT, sampleTree, streamed } from '../test/trees.ts'
import { readInitrd, writeInitrd } from './index.ts'

/** Reads, and takes an error of ours for an answer; anything else fails the test. */
async function readOrRefuse(bytes: Uint8Array): Promise<'read' | 'refused'> {
  try {
    const { tree } = await readInitrd(fromBytes(bytes), { memoryLimit: 10_000_000 })
    for (const { node } of tree) if (node.type === 'file') await collect(node.content.open(), LIMIT)
    return 'read'
  } catch (error) {
    expect((error as RosError).code).toMatch(/^ROS_(INITRD|COMPRESS)_/)
    return 'refused'
  }
}

describe('damaged archives', () => {
  test('cut anywhere', async () => {
    const whole = await collect(writeInitrd(sampleTree()), LIMIT)
    for (let length = 0; length < whole.length; length += 3) await readOrRefuse(whole.subarray(0, length))
  })

  test('with any bytes changed', async () => {
    const whole = await collect(writeInitrd(sampleTree()), LIMIT)
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const damaged = whole.slice()
        for (const [at, value] of changes) damaged[at] = value
        await readOrRefuse(damaged)
      }),
      { numRuns: 500 },
    )
  })

  test('of any bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        await readOrRefuse(bytes)
        await readOrRefuse(Buffer.concat([Buffer.from('070701'), bytes]))
      }),
      { numRuns: 300 },
    )
  })
})

describe('archives made to hurt', () => {
  test('sizes of 4 GiB that are not there', async () => {
    for (const huge of [{ fileSize: 2 ** 32 - 1 }, { nameSize: 2 ** 32 - 1 }, { fileSize: 2 ** 31 }]) {
      await expect(readInitrd(fromBytes(rawArchive({ name: 'a', ...huge })))).rejects.toThrow(
        expect.objectContaining({ code: 'ROS_INITRD_ARCHIVE' }),
      )
    }
  })

  test('a name of 4 GiB that is there is skipped, not read', async () => {
    const size = 2 ** 32 - 8
    const head = rawEntry({ name: '', nameSize: size }).subarray(0, 110)
    const tail = Buffer.concat([rawEntry({ name: 'after' }), trailerEntry])
    const parts = [fromBytes(head), zeros(Math.ceil((110 + size) / 4) * 4 - 110), fromBytes(tail)]
    const total = parts.reduce((sum, part) => sum + part.size, 0)
    const { tree, dropped } = await readInitrd({
      size: total,
      async *open(offset = 0, length = total - offset) {
        const tailStart = total - tail.length
        for (let at = offset; at < offset + length; ) {
          const [part, start] =
            at < 110 ? [head, 0] : at >= tailStart ? [tail, tailStart] : [Buffer.alloc(65_536), at]
          const limit = at < 110 ? 110 : at >= tailStart ? total : tailStart
          const end = Math.min(offset + length, limit, start + part.length)
          yield part.subarray(at - start, end - start)
          at = end
        }
      },
    })
    expect([...tree].map(({ path }) => path)).toEqual(['after'])
    expect(dropped).toHaveLength(1)
  })

  test('a bomb stops at the limit', async () => {
    const bomb = await collect(gzip(zeros(50_000_000).open(), { level: 9 }), LIMIT)
    await expect(readInitrd(fromBytes(bomb), { memoryLimit: 1_000_000 })).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_INITRD_LIMIT' }),
    )
  })

  test('symlinks that double at each step', async () => {
    const links = Array.from({ length: 60 }, (_, i) => ({
      name: `l${i}`,
      mode: 0o120777,
      content: `l${i + 1}/../l${i + 1}`,
    }))
    const end = { name: 'l60', mode: 0o040755 }
    const { dropped } = await readInitrd(
      fromBytes(rawArchive(...links, end, { name: 'l0/x' }, { name: 'l56/y' })),
    )
    expect(dropped.map(({ name }) => name)).toEqual(['l0/x'])
  })

  test('nothing is put outside the root', async () => {
    const names = ['../../etc/passwd', '/etc/passwd', 'x/../../../etc/passwd', 'up/passwd']
    const { tree } = await readInitrd(
      fromBytes(
        rawArchive(
          { name: 'etc', mode: 0o040755 },
          { name: 'x', mode: 0o040755 },
          { name: 'up', mode: 0o120777, content: '../../../../etc' },
          ...names.map((name) => ({ name, content: name })),
        ),
      ),
    )
    expect([...tree].map(({ path }) => path)).toEqual(['etc', 'etc/passwd', 'up', 'x'])
  })

  test('thousands of entries in a source that can only be streamed', async () => {
    const entries = Array.from({ length: 3000 }, (_, i) => rawEntry({ name: `f${i}`, content: `${i}` }))
    const { tree } = await readInitrd(streamed(Buffer.concat([...entries, trailerEntry]), 10_000))
    expect(tree.size).toBe(3000)
  })
})
