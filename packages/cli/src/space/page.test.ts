import type { SectorRun } from '@ros/iso'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spacePage } from './page.ts'
import { gatherRuns } from './sector-map.ts'
import type { Level, Space, SpaceKind, SpaceNode } from './space.ts'

let count = 0
const node = (kind: SpaceKind, path: string, size: number, more: Partial<SpaceNode> = {}): SpaceNode => {
  count++
  return {
    id: `n-${count}`,
    kind,
    path,
    name: path.split('/').at(-1) ?? path,
    size,
    files: 1,
    children: [],
    ...more,
  }
}

function sample(name = 'initrd', note = 'gzip, 9.0 MB unpacked'): Space {
  count = 0
  const initrd = node('packed', `boot/${name}`, 6_000_000)
  const kernel = node('program', 'boot/vmlinuz', 3_000_000)
  const boot = node('directory', 'boot', 9_000_000, { files: 2, children: [initrd, kernel] })
  const packed = node('packed', 'data.gz', 700_000)
  const others = node('others', '', 200_000, { name: '12 others', files: 12 })
  const rest = node('rest', 'descriptors, directories, padding', 100_000, { files: 0 })
  const sectors: SectorRun[] = [
    { owner: 'system area', lba: 0, sectorCount: 16, size: 32768 },
    { owner: 'primary volume descriptor', lba: 16, sectorCount: 1, size: 2048 },
    { owner: `file /boot/${name}`, lba: 17, sectorCount: 2930, size: 6_000_000 },
    { owner: 'nothing names it', lba: 2947, sectorCount: 400, size: 0 },
    { owner: 'boot image for efi', lba: 3347, sectorCount: 1500, size: 3_000_000 },
  ]
  const first: Level = {
    id: 'level-1',
    name: 'x.iso',
    what: 'ISO 9660',
    stored: 10_000_000,
    size: 10_000_000,
    files: 15,
    nodes: [boot, packed, others, rest],
    sectors,
  }
  const module = node('module', `usr/lib/${name}.ko`, 4_000_000)
  const layer = node('file', 'b1/layer.tar', 8_000_000, { name: 'layer.tar', label: 'layer 1 of x&y:1' })
  const second: Level = {
    id: 'level-2',
    name: `x.iso:/boot/${name}`,
    what: 'initrd, zstd',
    stored: 6_000_000,
    size: 12_000_000,
    files: 2,
    nodes: [layer, node('directory', 'usr/lib', 4_000_000, { name: 'usr/lib', children: [module] })],
  }
  return {
    levels: [first, second],
    inside: new Map([[initrd.id, second]]),
    outside: new Map([['level-2', initrd]]),
    notes: new Map([[packed.id, note]]),
  }
}

test('the page of a space, byte for byte', async () => {
  await expect(spacePage(sample())).toMatchFileSnapshot('./space.golden.html')
})

test('nothing is fetched and nothing runs', () => {
  expect(spacePage(sample())).not.toMatch(/<script|https?:|url\(|@import|\bon\w+=|<img|<link|style=/i)
})

test('every link leads to one place of the page', () => {
  const page = spacePage(sample())
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  expect(links.length).toBeGreaterThan(20)
  for (const id of links) expect(page.split(` id="${id}"`)).toHaveLength(2)
})

test('what is nested is in the map of what it is in, and by itself', () => {
  const [whole = '', nested = ''] =
    spacePage(sample()).match(/<svg [^>]*aria-label="What[\s\S]*?<\/svg>/g) ?? []
  for (const text of [whole, nested]) {
    expect(text).toContain('layer 1 of x&#38;y:1 (b1/layer.tar): 8.0 MB, 66.7 % of x.iso:/boot/initrd')
    expect(text).toContain('usr/lib/initrd.ko: 4.0 MB')
  }
  expect(nested).not.toContain('vmlinuz')
})

test('whatever the names are, the page has the same elements', () => {
  // Names that have no room are left out.
  const elements = (page: string) =>
    page.replace(/<text [^>]*>[^<]*<\/text>/g, '').match(/<\/?[a-zA-Z!][^\s>]*/g)
  const want = elements(spacePage(sample()))
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ unit: 'binary' }), (name, note) => {
      const page = spacePage(sample(name.replaceAll('/', '_'), note))
      expect(elements(page)).toEqual(want)
      expect(page.isWellFormed()).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('nothing in it: a page without a rectangle', () => {
  const level: Level = { id: 'l', name: 'x', what: 'tar', stored: 0, size: 0, files: 0, nodes: [] }
  const page = spacePage({ levels: [level], inside: new Map(), outside: new Map(), notes: new Map() })
  expect(page).not.toMatch(/NaN|Infinity|<rect/)
})

test('runs of sectors: small neighbours together, none lost', () => {
  const run = (lba: number, sectorCount: number): SectorRun => ({
    owner: String(lba),
    lba,
    sectorCount,
    size: 0,
  })
  const runs = [run(0, 1), run(1, 2), run(3, 50), run(53, 1), run(54, 9), run(63, 1), run(64, 1)]
  expect(gatherRuns(runs, 1).map(({ first }) => first)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(gatherRuns(runs, 10).map(({ first, runs: { length } }) => [first, length])).toEqual([
    [0, 2],
    [2, 1],
    [3, 2],
    [5, 2],
  ])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 })), fc.nat(30), (lengths, least) => {
      let lba = 0
      const all = lengths.map((length) => run((lba += length) - length, length))
      const groups = gatherRuns(all, least)
      expect(groups.flatMap((group) => group.runs)).toEqual(all)
      for (const {
        first,
        runs: [head],
      } of groups)
        expect(head).toBe(all[first])
    }),
  )
})
