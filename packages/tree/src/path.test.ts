import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baseName, normalizePath, parentPath, Tree } from './index.ts'

const REFUSED = expect.objectContaining({ name: 'TreeError', code: 'ROS_TREE_PATH' })

describe('normalizePath', () => {
  test.each([
    ['', ''],
    ['.', ''],
    ['./', ''],
    ['./.', ''],
    ['a', 'a'],
    ['./a', 'a'],
    ['a/', 'a'],
    ['a//b/./c/', 'a/b/c'],
    ['a/...', 'a/...'],
    ['..a/b..', '..a/b..'],
    ['a b/ü', 'a b/ü'],
    ['a\\b', 'a\\b'],
    ['byte-\udcff', 'byte-\udcff'],
    ['caf\udcc3\udca9', 'café'],
    ['💩', '💩'],
  ])('%j is %j', (given, path) => {
    expect(normalizePath(given)).toBe(path)
    expect(normalizePath(path)).toBe(path)
  })

  test.each([
    '/',
    '/a',
    '//a',
    '..',
    '../a',
    'a/..',
    'a/../b',
    './..',
    'a\0',
    '\0',
    '\ud800',
    'a/\udbff',
    '\udc00/b',
  ])('%j is refused', (given) => {
    expect(() => normalizePath(given)).toThrow(REFUSED)
  })

  test('a path ends at 4095 characters', () => {
    const longest = `${'d/'.repeat(2047)}f`
    expect(new Tree().addDirectories(longest).size).toBe(2048)
    expect(() => normalizePath(`${longest}f`)).toThrow(REFUSED)
    expect(() => new Tree().addDirectories('d/'.repeat(1_000_000))).toThrow(/path is too long/)
  })

  test('any path is refused, or normal and stays inside', () => {
    const part = fc.constantFrom('', '.', '..', 'a', 'b ', '\udcff', '\ud800', '...', '\0')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        let path: string
        try {
          path = normalizePath(parts.join('/'))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ROS_TREE_PATH' })
          return
        }
        expect(normalizePath(path)).toBe(path)
        expect(
          path === '' || path.split('/').every((name) => name !== '' && name !== '.' && name !== '..'),
        ).toBe(true)
        expect(parts).not.toContain('..')
      }),
      { numRuns: 1000 },
    )
  })
})

test('parentPath and baseName', () => {
  expect(['a/b/c', 'a', '', 'a b/c.d'].map((path) => [parentPath(path), baseName(path)])).toEqual([
    ['a/b', 'c'],
    ['', 'a'],
    ['', ''],
    ['a b', 'c.d'],
  ])
})
