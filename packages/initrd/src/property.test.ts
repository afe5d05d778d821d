import { collect, decodeName, fromBytes } from '@ros/bytes'
import { directory, file, symlink, Tree, type TreeNode } from '@ros/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeTree, LIMIT, streamed } from '../test/trees.ts'
import { initrdSize, readInitrd, writeInitrd, writeSegments } from './index.ts'

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 2 })
const metadata = fc.record({ mode: fc.integer({ min: 0, max: 0o7777 }), uid: u32, gid: u32, mtime: u32 })

/** Any bytes that a name may have: not `/`, not NUL, not `.` or `..`. */
const name = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 12 })
  .map((bytes) => decodeName(bytes.map((byte) => (byte === 0x2f ? 0x5f : byte))))
  .filter((text) => text !== '.' && text !== '..' && text !== 'TRAILER!!!')

const content = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 1, 3))
  .map(([bytes, piece]) => (piece === 0 ? fromBytes(bytes) : streamed(bytes, piece)))

const leaf: fc.Arbitrary<TreeNode> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(content, metadata).map(([source, meta]) => file(source, meta)) },
  fc.tuple(name, metadata).map(([target, meta]) => symlink(target, meta)),
  fc
    .tuple(fc.constantFrom('block' as const, 'character' as const), fc.nat(4095), fc.nat(1_048_575), metadata)
    .map(([type, major, minor, meta]): TreeNode => ({ type, major, minor, ...meta })),
  fc
    .tuple(fc.constantFrom('fifo' as const, 'socket' as const), metadata)
    .map(([type, meta]): TreeNode => ({ type, ...meta })),
)

type Step = {
  readonly path: readonly string[]
  readonly node: TreeNode | 'directory' | 'link'
  readonly pick: number
}

const step: fc.Arbitrary<Step> = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }),
  node: fc.oneof({ weight: 3, arbitrary: leaf }, fc.constantFrom('directory' as const, 'link' as const)),
  pick: fc.nat(),
})

/** A tree grown step by step; a `link` puts a node that is there at another path. */
const tree: fc.Arbitrary<Tree> = fc
  .tuple(metadata, fc.array(step, { maxLength: 20 }))
  .map(([root, steps]) => {
    const grown = new Tree()
    grown.root = directory(root)
    for (const { path, node, pick } of steps) {
      const files = [...grown].filter((entry) => entry.node.type !== 'directory')
      const chosen =
        node === 'link' ? files[pick % files.length]?.node : node === 'directory' ? directory() : node
      if (!chosen || grown.has(path.join('/'))) continue
      try {
        grown.addDirectories(path.slice(0, -1).join('/'))
        grown.add(path.join('/'), chosen)
      } catch {
        // A file is in the way.
      }
    }
    return grown
  })

const archive = (of: Tree) => collect(writeInitrd(of), LIMIT)

describe('for any tree', () => {
  test('reading gives back what was written, and the size was known', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (given) => {
        const bytes = await archive(given)
        expect(bytes.length).toBe(initrdSize(given))
        const { tree: read, dropped } = await readInitrd(fromBytes(bytes))
        expect(dropped).toEqual([])
        expect(await describeTree(read)).toEqual(await describeTree(given))
      }),
      { numRuns: 200 },
    )
  })

  test('the same tree gives the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (given) => {
        expect(Buffer.from(await archive(given)).equals(await archive(given.filter(() => true)))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('segments are refused, or merge to what the trees merge to', async () => {
    const compression = fc.constantFrom(
      'none' as const,
      'none' as const,
      'gzip' as const,
      'zstd' as const,
      'lz4' as const,
    )
    let merged = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(tree, compression), { minLength: 2, maxLength: 3 }),
        async (parts) => {
          const segments = parts.map(([part, kind], i) => ({ name: `${i}`, tree: part, compression: kind }))
          let bytes: Uint8Array
          try {
            bytes = await collect(writeSegments(segments), LIMIT)
          } catch (error) {
            expect(error).toMatchObject({ code: 'ROS_INITRD_CONFLICT' })
            return
          }
          merged++
          const { tree: read, dropped } = await readInitrd(fromBytes(bytes))
          const expected = new Tree()
          for (const [part] of parts) {
            expected.merge(part)
            expected.root = part.root
          }
          expect(dropped).toEqual([])
          expect(await describeTree(read)).toEqual(await describeTree(expected))
        },
      ),
      { numRuns: 100 },
    )
    expect(merged).toBeGreaterThan(50)
  })
})
