import { fromBytes } from '@ros/bytes'
import { directory, file } from '@ros/tree'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fatBytes, fatValues, newTree } from '../test/sample-tree.ts'
import { DiskError, type FatOptions, readFat } from './index.ts'

const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom('a', 'A', '.', '~', '1', ' ', 'ß', '+'), minLength: 1, maxLength: 20 }),
  )
  .map((text) =>
    text
      .replaceAll(/[\0-\x1f"*/:<>?\\|\x7f]/g, '_')
      .replace(/[. ]+$/, '_')
      .slice(0, 255),
  )
  .filter((text) => text.isWellFormed())

const mtime = fc.integer({ min: 315_532_800, max: 4_354_819_199 })
const node = fc.oneof(
  fc
    .tuple(fc.uint8Array({ maxLength: 3000 }), mtime, fc.constantFrom(0o644, 0o444))
    .map(([bytes, time, mode]) => file(fromBytes(bytes), { mtime: time, mode })),
  mtime.map((time) => directory({ mtime: time })),
)

const tree = fc.array(fc.tuple(name, node, fc.nat()), { maxLength: 30 }).map((entries) => {
  const grown = newTree()
  const parents = ['']
  const folded = new Set<string>()
  for (const [text, given, place] of entries) {
    const parent = parents[place % parents.length] ?? ''
    const path = parent === '' ? text : `${parent}/${text}`
    const key = path.toLowerCase().toUpperCase()
    if (folded.has(key)) continue
    folded.add(key)
    grown.add(path, given)
    if (given.type === 'directory') parents.push(path)
  }
  return grown
})

const options: fc.Arbitrary<Partial<FatOptions>> = fc.constantFrom(
  {},
  { label: 'A LABEL' },
  { clusterSize: 512 },
  { clusterSize: 4096 },
  { type: 'fat16', clusterSize: 512 },
  { size: 4 * 1024 * 1024 },
)

test('what is written is read back', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(tree, options, async (given, chosen) => {
      let bytes: Uint8Array
      try {
        bytes = await fatBytes(given, chosen)
      } catch (error) {
        // Names that are equal in another way than by ASCII case.
        if (error instanceof DiskError && error.code === 'ROS_DISK_NAME') return
        throw error
      }
      const image = await readFat(fromBytes(bytes))
      expect(await fatValues(image.tree)).toEqual(await fatValues(given))
      expect(image.label).toBe(chosen.label)
    }),
    { numRuns: 60 },
  )
})
