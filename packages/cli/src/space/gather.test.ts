import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gather, type Sized } from './gather.ts'
import type { SpaceNode } from './space.ts'

const options = { id: 'n', limit: 100, share: 0.01 }
const lines = (nodes: readonly SpaceNode[], indent = ''): string[] =>
  nodes.flatMap(({ name, size, files, children }) => [
    `${indent}${name} ${size} ${files}`,
    ...lines(children, `${indent}  `),
  ])

test('directories and files, largest first; what is small is gathered', () => {
  const files: Sized[] = [
    { path: 'usr/bin/large', size: 600 },
    { path: 'usr/bin/tiny', size: 1 },
    { path: 'usr/bin/tinier', size: 1 },
    { path: 'usr/lib/deep/down/only', size: 300 },
    { path: 'etc/passwd', size: 2 },
    { path: 'etc/empty', size: 0 },
    { path: 'boot', size: 96 },
  ]
  expect(lines(gather(files, options))).toEqual([
    'usr 902 4',
    '  bin 602 3',
    '    large 600 1',
    '    2 others 2 2',
    '  lib/deep/down 300 1',
    '    only 300 1',
    'boot 96 1',
    // Alone it has its own name, small as it is.
    'etc 2 2',
    '  passwd 2 1',
  ])
})

test('the largest directories are opened first, until there are enough nodes', () => {
  const files = ['a', 'b', 'c'].flatMap((name, index) =>
    Array.from({ length: 10 }, (_, number) => ({ path: `${name}/${number}`, size: 100 * (3 - index) })),
  )
  const nodes = gather(files, { id: 'n', limit: 20, share: 0 })
  expect(nodes.map(({ name, children }) => [name, children.length])).toEqual([
    ['a', 10],
    ['b', 10],
    ['c', 0],
  ])
})

test('a directory of many files shows the largest', () => {
  const files = Array.from({ length: 500 }, (_, number) => ({ path: `d/${number}`, size: 1000 + number }))
  const [directory] = gather(files, { id: 'n', limit: 1000, share: 0 })
  expect(directory?.children).toHaveLength(41)
  expect(directory?.children[0]).toMatchObject({ name: '499', size: 1499 })
  expect(directory?.children.at(-1)).toMatchObject({
    name: '460 others',
    kind: 'others',
    files: 460,
    path: 'd',
  })
})

const path = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 5 })
const tree = fc.array(fc.tuple(path, fc.nat(1000)), { maxLength: 60 }).map((pairs) => {
  const files = new Map(pairs.map(([names, size]) => [`${names.join('/')}.f`, size]))
  return [...files].map(([name, size]) => ({ path: name, size }))
})

test('nothing is lost: sizes add up at every node, ids are unique', () => {
  fc.assert(
    fc.property(tree, fc.nat(40), fc.double({ min: 0, max: 0.3, noNaN: true }), (files, limit, share) => {
      const nodes = gather(files, { id: 'n', limit, share })
      const sum = (all: readonly { size: number }[]) => all.reduce((total, { size }) => total + size, 0)
      const ids = new Set<string>()
      const check = (node: SpaceNode) => {
        expect(ids.has(node.id)).toBe(false)
        ids.add(node.id)
        if (node.children.length > 0) expect(sum(node.children)).toBe(node.size)
        node.children.forEach(check)
      }
      nodes.forEach(check)
      if (limit > 0) expect(sum(nodes)).toBe(sum(files))
    }),
  )
})
