import { fromBytes } from '@ros/bytes'
import { directory, file, Tree } from '@ros/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edgeTree, isoBytes } from '../test/sample-tree.ts'
import { decodeUcs2 } from './fields.ts'
import { type IsoNames, isoIdentifiers, jolietIdentifiers } from './identifier.ts'
import { lintIso, readIso } from './index.ts'
import { collectItems } from './item.ts'

/** Identifiers by name; a name with a slash at its end is a directory. */
function identifiers(kind: 'joliet' | 'iso' | IsoNames, ...names: string[]): Record<string, string> {
  const tree = new Tree()
  for (const name of names) {
    const isDirectory = name.endsWith('/')
    tree.add(name, isDirectory ? directory() : file(fromBytes(new Uint8Array())))
  }
  const { children } = collectItems(tree)
  const given =
    kind === 'joliet'
      ? jolietIdentifiers(children)
      : isoIdentifiers(children, kind === 'iso' ? undefined : kind)
  const text = (bytes: Uint8Array) => (kind === 'joliet' ? decodeUcs2(bytes) : String.fromCharCode(...bytes))
  return Object.fromEntries(Array.from(given, ([{ name }, bytes]) => [name, text(bytes)]))
}

describe('isoIdentifiers', () => {
  test.each([
    ['vmlinuz', 'VMLINUZ.;1'],
    ['isolinux.bin', 'ISOLINUX.BIN;1'],
    ['a.b.c.tar.gz', 'A_B_C_TAR.GZ;1'],
    ['.hidden', '_HIDDEN.;1'],
    ['ends.', 'ENDS.;1'],
    ['größe 1', 'GR__E_1.;1'],
    ['x'.repeat(30), `${'X'.repeat(30)}.;1`],
    ['x'.repeat(31), `${'X'.repeat(30)}.;1`],
    [`${'x'.repeat(40)}.json`, `${'X'.repeat(26)}.JSON;1`],
    [`a.${'e'.repeat(40)}`, `A.${'E'.repeat(10)};1`],
  ])('%s', (name, expected) => {
    expect(identifiers('iso', name)[name]).toBe(expected)
  })

  test('directories have neither dot nor version', () => {
    expect(identifiers('iso', 'rc.d/')).toEqual({ 'rc.d': 'RC_D' })
  })

  test('what needs no change keeps its name; others get a number', () => {
    expect(identifiers('iso', 'NAME.TXT', 'Name.txt', 'name.txt')).toEqual({
      'NAME.TXT': 'NAME.TXT;1',
      'Name.txt': 'NAME000.TXT;1',
      'name.txt': 'NAME001.TXT;1',
    })
  })

  test('a number that is taken itself is passed over', () => {
    const given = identifiers('iso', 'A000', 'a000', 'A', 'a')
    expect(new Set(Object.values(given)).size).toBe(4)
    expect(given['A000']).toBe('A000.;1')
  })

  test('a directory and a file do not share name and extension', () => {
    const given = identifiers('iso', 'AB/', 'ab')
    expect(given).toEqual({ AB: 'AB', ab: 'AB000.;1' })
  })

  test('thousands of names that begin alike', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `${'long '.repeat(10)}${index}.tar.gz`)
    const given = Object.values(identifiers('iso', ...names))
    expect(new Set(given).size).toBe(3000)
    expect(Math.max(...given.map((text) => text.length))).toBe(33)
  })
})

describe('jolietIdentifiers', () => {
  test.each([
    ['ReadMe.txt', 'ReadMe.txt'],
    ['日本語', '日本語'],
    ['a:b*c?d;e\\f', 'a_b_c_d_e_f'],
    ['\udcff', '_'],
    ['x'.repeat(64), 'x'.repeat(64)],
    [`${'x'.repeat(70)}.txt`, `${'x'.repeat(60)}.txt`],
    [`${'x'.repeat(62)}😀`, `${'x'.repeat(62)}😀`],
    [`${'x'.repeat(63)}😀`, 'x'.repeat(63)],
  ])('%s', (name, expected) => {
    expect(identifiers('joliet', name)[name]).toBe(expected)
  })

  test('names that agree in their first 64 units are told apart', () => {
    const names = [0, 1, 2].map((index) => `${'x'.repeat(70)}${index}`)
    expect(Object.values(identifiers('joliet', ...names))).toEqual([
      'x'.repeat(64),
      `${'x'.repeat(61)}000`,
      `${'x'.repeat(61)}001`,
    ])
  })
})

describe('rules for names', () => {
  test.each<[IsoNames, string, string]>([
    ['level-1', 'isolinux.config', 'ISOLINUX.CON;1'],
    ['level-1', 'a long name', 'A_LONG_N.;1'],
    ['level-1', 'a.b.c.tar.gz', 'A_B_C_TA.GZ;1'],
    ['level-1', 'directory-1/', 'DIRECTOR'],
    ['relaxed', 'Read Me.first.txt', 'Read Me.first.txt;1'],
    ['relaxed', 'größe;1', 'gr__e_1.;1'],
    ['relaxed', 'rc.d/', 'rc.d'],
    ['relaxed', `${'x'.repeat(40)}.json`, `${'x'.repeat(26)}.json;1`],
  ])('%s: %s', (names, name, expected) => {
    expect(Object.values(identifiers(names, name))).toEqual([expected])
  })

  test.each<[IsoNames, RegExp]>([
    ['level-1', /^[A-Z0-9_]{0,8}(\.[A-Z0-9_]{0,3};1)?$/],
    ['strict', /^(?=.{1,33}$)[A-Z0-9_]+(\.[A-Z0-9_]*;1)?$/],
    ['relaxed', /^(?=.{1,33}$)[\x20-\x7e]+$/],
  ])('%s: any names get identifiers of their own that keep to it', (names, rule) => {
    const name = fc
      .array(fc.constantFrom(...Array.from('abAB01._-~ ;*?'), 'é', '日', '😀', '\u0001'), {
        minLength: 1,
        maxLength: 40,
      })
      .map((characters) => characters.join(''))
      .filter((text) => !['.', '..'].includes(text))
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 30 }), (given) => {
        const ids = Object.values(identifiers(names, ...given))
        expect(new Set(ids).size).toBe(given.length)
        for (const id of ids) expect(id).toMatch(rule)
      }),
      { numRuns: 20 },
    )
  })

  test.each(['level-1', 'strict', 'relaxed'] as const)(
    '%s: a whole image has nothing but what it says',
    async (names) => {
      const options = { volumeId: 'NAMES', created: 0, names }
      const bytes = await isoBytes(edgeTree(), options)
      const rules = new Set<string>()
      for await (const { rule } of lintIso(fromBytes(bytes))) rules.add(rule)
      expect([...rules]).toEqual([])
      if (names === 'relaxed') {
        const bare = await isoBytes(edgeTree(), { ...options, rockRidge: false })
        for await (const { rule } of lintIso(fromBytes(bare))) rules.add(rule)
        expect([...rules]).toEqual(['iso/d-characters'])
      }
      const { tree } = await readIso(fromBytes(bytes), { hierarchy: 'plain' })
      const own = [...edgeTree()].filter(({ node }) => node.type === 'file' || node.type === 'directory')
      expect(
        [...tree].filter(({ node }) => node.type === 'file' || node.type === 'directory').length,
      ).toBeGreaterThanOrEqual(own.length)
    },
  )
})
