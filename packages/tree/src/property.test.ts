import { compareNames, decodeName, encodeName, fromText } from '@ros/bytes'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directory, file, normalizePath, parentPath, Tree } from './index.ts'

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'a-', 'a.', 'é'),
  fc.uint8Array({ minLength: 1, maxLength: 3 }).map(decodeName),
)
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const change = fc.tuple(fc.constantFrom('add', 'replace', 'remove', 'directories'), path, fc.boolean())

/** What a tree holds after these changes, however it was told; refusals are errors of its own kind. */
function grow(changes: readonly (readonly [string, string, boolean])[]): Tree {
  const tree = new Tree()
  for (const [verb, at, isFile] of changes) {
    const node = isFile ? file(fromText('')) : directory()
    try {
      if (verb === 'add') tree.add(at, node)
      else if (verb === 'replace') tree.replace(at, node)
      else if (verb === 'remove') tree.remove(at)
      else tree.addDirectories(at)
    } catch (error) {
      expect(error).toMatchObject({ name: 'TreeError' })
    }
  }
  return tree
}

test('whatever is done to a tree, it can be unpacked in its order', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const tree = grow(changes)
      const seen = new Set([''])
      let last = ''
      for (const entry of tree) {
        expect(normalizePath(entry.path)).toBe(entry.path)
        expect(seen.has(entry.path)).toBe(false)
        expect(compareNames(last, entry.path)).toBeLessThan(0)
        const parent = parentPath(entry.path)
        expect(seen.has(parent)).toBe(true)
        if (parent !== '') expect(tree.get(parent)?.type).toBe('directory')
        seen.add(entry.path)
        last = entry.path
      }
      expect(tree.size).toBe(seen.size - 1)
    }),
    { numRuns: 500 },
  )
})

test('children are exactly the entries whose parent a directory is', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const tree = grow(changes)
      for (const parent of ['', ...[...tree].map((entry) => entry.path)]) {
        const expected = [...tree]
          .filter((entry) => parentPath(entry.path) === parent)
          .map((entry) => entry.path)
        const prefix = parent === '' ? '' : `${parent}/`
        expect(tree.children(parent).map((child) => prefix + child)).toEqual(expected)
      }
    }),
    { numRuns: 100 },
  )
})

test('two paths of one tree never have the same bytes', () => {
  const halves = fc.constantFrom('é', '\udcc3', '\udca9', '\udcff', '💩', '\udcf0\udc9f\udc92\udca9')
  fc.assert(
    fc.property(fc.array(fc.array(halves, { minLength: 1, maxLength: 4 }), { maxLength: 10 }), (names) => {
      const tree = new Tree()
      for (const parts of names) tree.replace(parts.join(''), directory())
      const bytes = [...tree].map((entry) => Buffer.from(encodeName(entry.path)).toString('hex'))
      expect(new Set(bytes).size).toBe(bytes.length)
    }),
  )
})
