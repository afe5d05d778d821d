import { collect, fromBytes } from '@ros/bytes'
import { device, directory, file, symlink, Tree, type TreeNode } from '@ros/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edgeTree, treeValues } from '../test/sample-tree.ts'
import { layoutIso, readIso, writeIso } from './index.ts'

const options = { volumeId: 'P', created: 0 }
const LIMIT = 1 << 26

const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
    fc.string({
      unit: fc.constantFrom('a', 'A', '.', '_', 'ß', '😀', ' ', ';'),
      minLength: 1,
      maxLength: 70,
    }),
  )
  .map((text) => text.toWellFormed().replaceAll(/[/\0]/g, '_'))
  .filter((text) => text !== '.' && text !== '..' && new TextEncoder().encode(text).length <= 255)

const metadata = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.nat({ max: 0xffff_ffff }),
  gid: fc.nat({ max: 0xffff_ffff }),
  mtime: fc.integer({ min: -2_208_988_800, max: 5_869_583_999 }),
})

const target = fc
  .array(fc.constantFrom('', '.', '..', 'a', 'b'.repeat(249), 'c'.repeat(600), 'ü'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join('/') || '/')

const node: fc.Arbitrary<TreeNode> = fc.oneof(
  fc
    .tuple(fc.uint8Array({ maxLength: 5000 }), metadata)
    .map(([bytes, given]) => file(fromBytes(bytes), given)),
  metadata.map((given) => directory(given)),
  fc.tuple(target, metadata).map(([text, given]) => symlink(text, given)),
  fc
    .tuple(fc.nat({ max: 0xffff_ffff }), fc.nat({ max: 0xffff_ffff }), metadata)
    .map(([major, minor, given]) => device('block', major, minor, given)),
  metadata.map((given): TreeNode => ({ type: 'fifo', ...given })),
)

/** Trees grown entry by entry below directories that are there already; some entries link to an earlier file. */
const tree = fc
  .array(fc.tuple(name, node, fc.nat(), fc.integer({ min: 0, max: 9 })), { maxLength: 40 })
  .map((entries) => {
    const grown = new Tree()
    const parents = ['']
    const files: TreeNode[] = []
    for (const [text, given, place, luck] of entries) {
      const parent = parents[place % parents.length] ?? ''
      const path = parent === '' ? text : `${parent}/${text}`
      const chosen = luck === 0 ? (files[place % Math.max(files.length, 1)] ?? given) : given
      if (grown.has(path)) continue
      grown.add(path, chosen)
      if (chosen.type === 'directory') parents.push(path)
      else if (chosen === given) files.push(chosen)
    }
    return grown
  })

const write = async (written: Tree, given = options) => collect(writeIso(layoutIso(written, given)), LIMIT)

describe('any tree', () => {
  test('reads back as it was written, in the size that the layout tells, twice the same', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (written) => {
        const layout = layoutIso(written, options)
        const bytes = await collect(writeIso(layout, { reuseBuffers: false }), LIMIT)
        expect(bytes.length).toBe(layout.size)
        expect(await write(written)).toEqual(bytes)
        const read = await readIso(fromBytes(bytes))
        expect(await treeValues(read.tree)).toEqual(await treeValues(written))
      }),
      { numRuns: 120 },
    )
  })

  test('has as many names in Joliet and in the plain tree as it has files and directories', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (written) => {
        const source = fromBytes(await write(written))
        const shown = [...written].filter(({ path }) => {
          const parts = path.split('/')
          const nodes = parts.map((_, index) => written.get(parts.slice(0, index + 1).join('/')))
          return nodes.every((each) => each?.type === 'directory' || each?.type === 'file')
        })
        const joliet = await readIso(source, { hierarchy: 'joliet' })
        expect(joliet.tree.size).toBe(shown.length)
        for (const { path } of joliet.tree)
          expect(path.split('/').every((part) => part.length <= 64)).toBe(true)
        const plain = await readIso(source, { hierarchy: 'plain' })
        expect(plain.tree.size).toBe(written.size)
        for (const { path } of plain.tree) expect(path).toMatch(/^[A-Z0-9_]{0,31}/)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the edge tree', () => {
  test('reads back as it was written', async () => {
    // Longer than isoinfo and xorriso can take, so not part of the tree that they are shown.
    const written = edgeTree().add('link-max', symlink('t'.repeat(4095)))
    const read = await readIso(fromBytes(await write(written)))
    expect(await treeValues(read.tree)).toEqual(await treeValues(written))
  })
})
