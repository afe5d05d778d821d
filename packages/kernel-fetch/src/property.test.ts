import { fromBytes, u32be } from '@ros/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { elfModule } from '../test/elf-module.ts'
import { allDependencies } from './dependencies.ts'
import { readElf } from './elf.ts'
import { indexTrie } from './index-trie.ts'
import { parseModinfo } from './modinfo.ts'
import type { ModuleRecord } from './module-index.ts'
import { globPattern, normalizeAlias } from './module-name.ts'
import { readSymbols } from './symbols.ts'

const symbol = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/)

test('what a module says is read back, in each class and byte order', async () => {
  const given = fc.record({
    wordSize: fc.constantFrom(4 as const, 8 as const),
    littleEndian: fc.boolean(),
    unversioned: fc.boolean(),
    imports: fc.array(symbol),
    exports: fc.array(symbol, { minLength: 1 }),
    alias: fc.array(fc.stringMatching(/^[ -~]{0,30}$/)),
    text: fc.constantFrom(0, 1, 131_072),
  })
  await fc.assert(
    fc.asyncProperty(given, async ({ alias, ...options }) => {
      const bytes = elfModule({ ...options, modinfo: alias.map((text) => `alias=${text}`) })
      const elf = await readElf(fromBytes(bytes), 'm')
      expect(await readSymbols(elf, 'm')).toEqual({ imports: options.imports, exports: options.exports })
      expect(parseModinfo((await elf.section('.modinfo')) ?? new Uint8Array()).alias).toEqual(alias)
    }),
  )
})

describe('dependencies', () => {
  // Modules need only those of a higher number: no circles.
  const graph = fc
    .array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
    .map((edges) =>
      edges.map((to, i): ModuleRecord => {
        const needs = [...new Set(to.map((step) => i + 1 + step).filter((j) => j < edges.length))].map(
          (j) => `m${j}`,
        )
        return {
          name: `m${i}`,
          path: `m${i}.ko`,
          size: 0,
          alias: [],
          softdep: [],
          firmware: [],
          needs,
          exports: [],
        }
      }),
    )

  test('are complete, without repetition, and load from right to left', () => {
    fc.assert(
      fc.property(graph, (modules) => {
        const all = allDependencies(modules)
        for (const module of modules) {
          const names = (all.get(module.name) ?? []).map(({ name }) => name)
          expect(new Set(names).size).toBe(names.length)
          const loaded = new Set<string>()
          for (const name of [...names.toReversed(), module.name]) {
            const { needs } = modules.find((one) => one.name === name) ?? expect.fail(name)
            for (const needed of needs) expect(loaded).toContain(needed)
            loaded.add(name)
          }
        }
      }),
    )
  })
})

/** Looks a key up as libkmod does: a second reading of the format, independent of the writer. */
function lookUp(file: Uint8Array, key: string): string[] {
  const number = (at: number) => u32be.read(file, at, 'number')
  let reference = number(8)
  for (let rest = key; ; ) {
    let at = reference % 0x1000_0000
    if (Math.floor(reference / 0x8000_0000) % 2 === 1) {
      const end = file.indexOf(0, at)
      const prefix = Buffer.from(file.subarray(at, end)).toString('latin1')
      if (!rest.startsWith(prefix)) return []
      rest = rest.slice(prefix.length)
      at = end + 1
    }
    let child = 0
    if (Math.floor(reference / 0x2000_0000) % 2 === 1) {
      const [first = 0, last = 0] = file.subarray(at, at + 2)
      const code = rest.charCodeAt(0)
      if (rest !== '' && code >= first && code <= last) child = number(at + 2 + 4 * (code - first))
      at += 2 + 4 * (last - first + 1)
    }
    if (rest === '') {
      if (Math.floor(reference / 0x4000_0000) % 2 === 0) return []
      const values: string[] = []
      let position = at + 4
      for (let count = number(at); count > 0; count--) {
        const end = file.indexOf(0, position + 4)
        values.push(Buffer.from(file.subarray(position + 4, end)).toString('latin1'))
        position = end + 1
      }
      return values
    }
    if (child === 0) return []
    reference = child
    rest = rest.slice(1)
  }
}

test('an index gives back each key’s values by priority, and nothing for other keys', () => {
  const key = fc.stringMatching(/^[a-d]{1,6}$/)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.stringMatching(/^[!-~]{0,8}$/), fc.nat(1000))),
      fc.array(key),
      (entries, others) => {
        const unique = entries.filter(
          ([, , priority], i) => entries.findIndex(([, , other]) => other === priority) === i,
        )
        const trie = indexTrie()
        for (const [name, value, priority] of unique) trie.insert(name, value, priority)
        const file = trie.encode()
        for (const name of [...unique.map(([one]) => one), ...others]) {
          const expected = unique.filter(([one]) => one === name).sort(([, , a], [, , b]) => a - b)
          expect(lookUp(file, name)).toEqual(expected.map(([, value]) => value))
        }
      },
    ),
  )
})

test('an index refuses keys that are not ASCII', () => {
  expect(() => indexTrie().insert('é', '', 0)).toThrow(
    expect.objectContaining({ code: 'ROS_KERNEL_FETCH_INDEX' }),
  )
  expect(() => indexTrie().insert('a\0', '', 0)).toThrow('ASCII')
})

test('patterns: literal text matches itself, * everything, and no pattern is a bug', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (!/[*?[]/.test(text)) expect(globPattern(text)?.test(text)).toBe(true)
      expect(globPattern('*')?.test(text)).toBe(true)
      globPattern(text)
      const [start = '', ...rest] = normalizeAlias(text).split('[')
      expect(start).not.toContain('-')
      if (rest.length === 0) expect(normalizeAlias(text)).not.toContain('-')
    }),
  )
})

test.each([
  ['nls_*', 'nls_utf8', true],
  ['nls_*', 'xnls_utf8', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['[!a-c]x', 'dx', true],
  ['[!a-c]x', 'bx', false],
  ['a.c', 'abc', false],
  ['[]]', ']', true],
  ['a[', 'a[', false],
  ['[z-a]', 'm', false],
])('pattern %s on %s: %s', (pattern, text, expected) => {
  expect(globPattern(pattern)?.test(text) ?? false).toBe(expected)
})

test('aliases keep the ranges of their brackets', () => {
  expect(normalizeAlias('pci:v-a[0-9]-b')).toBe('pci:v_a[0-9]_b')
})
