import { fromBytes } from '@ros/bytes'
import { directory, file, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { decodeUcs2 } from './fields.ts'
import { isoIdentifiers, jolietIdentifiers } from './identifier.ts'
import { collectItems } from './item.ts'

/** Identifiers by name; a name with a slash at its end is a directory. */
function identifiers(kind: 'iso' | 'joliet', ...names: string[]): Record<string, string> {
  const tree = new Tree()
  for (const name of names) {
    const isDirectory = name.endsWith('/')
    tree.add(name, isDirectory ? directory() : file(fromBytes(new Uint8Array())))
  }
  const { children } = collectItems(tree)
  const given = kind === 'iso' ? isoIdentifiers(children) : jolietIdentifiers(children)
  const text = (bytes: Uint8Array) => (kind === 'iso' ? String.fromCharCode(...bytes) : decodeUcs2(bytes))
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
