import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { indexOf, packageRecord } from '../test/records.ts'
import { createIndex, type PackageIndex, resolvePackages } from './index.ts'

const names = (index: PackageIndex, wanted: string[], exclude: string[] = []) =>
  resolvePackages(index, wanted, { exclude }).map(({ name }) => name)
const versions = (index: PackageIndex, wanted: string[]) =>
  resolvePackages(index, wanted).map(({ name, version }) => `${name} ${version}`)

describe('closure', () => {
  test('follows Pre-Depends and Depends, also in circles', () => {
    const index = indexOf(
      packageRecord('a', { depends: 'b, c' }),
      packageRecord('b', { preDepends: 'd' }),
      packageRecord('c', { depends: 'a' }),
      packageRecord('d'),
      packageRecord('e'),
    )
    expect(names(index, ['a'])).toEqual(['a', 'b', 'c', 'd'])
    expect(names(index, ['d', 'd'])).toEqual(['d'])
    expect(names(index, [])).toEqual([])
  })

  test('takes the newest version that suits everyone', () => {
    const index = indexOf(
      packageRecord('a', { depends: 'lib' }),
      packageRecord('b', { depends: 'lib (<< 3)' }),
      packageRecord('c', { depends: 'lib (= 1)' }),
      packageRecord('lib 1'),
      packageRecord('lib 3'),
      packageRecord('lib 2'),
    )
    expect(versions(index, ['a'])).toEqual(['a 1', 'lib 3'])
    expect(versions(index, ['a', 'b'])).toEqual(['a 1', 'b 1', 'lib 2'])
    expect(versions(index, ['c', 'b', 'a'])).toEqual(['a 1', 'b 1', 'c 1', 'lib 1'])
    expect(versions(index, ['lib (<= 2)'])).toEqual(['lib 2'])
  })

  test('a preferred source wins over a newer version, unless only that one suits', () => {
    const index = createIndex(
      [
        { preference: 100, records: [packageRecord('lib 9')] },
        { preference: 500, records: [packageRecord('lib 1'), packageRecord('a', { depends: 'lib (>= 2)' })] },
      ],
      'amd64',
    )
    expect(versions(index, ['lib'])).toEqual(['lib 1'])
    expect(versions(index, ['a'])).toEqual(['a 1', 'lib 9'])
  })

  test('packages of other architectures are not there', () => {
    const index = indexOf(
      packageRecord('a', { architecture: 'all', depends: 'b:any, c:amd64' }),
      packageRecord('b'),
      packageRecord('c'),
      packageRecord('d', { architecture: 'arm64' }),
      packageRecord('e', { depends: 'b:arm64' }),
    )
    expect(names(index, ['a'])).toEqual(['a', 'b', 'c'])
    expect(() => names(index, ['d'])).toThrow(expect.objectContaining({ code: 'ROS_DEBIAN_PACKAGE_UNKNOWN' }))
    expect(() => names(index, ['b', 'e'])).toThrow(expect.objectContaining({ code: 'ROS_DEBIAN_DEPENDENCY' }))
  })
})

describe('alternatives', () => {
  const index = indexOf(
    packageRecord('a', { depends: 'x | y' }),
    packageRecord('b', { depends: 'y' }),
    packageRecord('c', { depends: 'missing | y' }),
    packageRecord('d', { depends: 'x (>= 2) | y' }),
    packageRecord('x'),
    packageRecord('y'),
  )
  test.each([
    ['the first one that exists', ['a'], ['a', 'x']],
    ['one that is taken anyway, whoever comes first', ['a', 'b'], ['a', 'b', 'y']],
    ['one that is named', ['a', 'y'], ['a', 'y']],
    ['the next when the first does not exist', ['c'], ['c', 'y']],
    ['the next when the first is too old', ['d', 'x'], ['d', 'x', 'y']],
  ])('%s', (_, wanted, expected) => {
    expect(names(index, wanted)).toEqual(expected)
  })
})

describe('provides', () => {
  const index = indexOf(
    packageRecord('a', { depends: 'mail' }),
    packageRecord('b', { depends: 'mail (>= 2)' }),
    packageRecord('zmail', { provides: 'mail', priority: 'important' }),
    packageRecord('amail', { provides: 'mail (= 3), post' }),
    packageRecord('bmail', { provides: 'mail (= 1)' }),
  )
  test.each([
    ['the highest priority first', ['a'], ['a', 'zmail']],
    ['one that is taken anyway', ['a', 'bmail'], ['a', 'bmail']],
    ['a versioned wish needs a versioned offer', ['b'], ['amail', 'b']],
    ['which then serves all', ['a', 'b'], ['a', 'amail', 'b']],
    ['by its only provider', ['post'], ['amail']],
  ])('%s', (_, wanted, expected) => {
    expect(names(index, wanted)).toEqual(expected)
  })

  test('a name of several providers must be made plain', () => {
    expect(() => names(index, ['mail'])).toThrow(
      expect.objectContaining({ code: 'ROS_DEBIAN_PACKAGE_UNKNOWN', got: 'zmail, amail, bmail' }),
    )
  })

  test('only the newest version counts as provider', () => {
    const changed = indexOf(
      packageRecord('p 1', { provides: 'v' }),
      packageRecord('p 2'),
      packageRecord('a', { depends: 'v' }),
    )
    expect(() => names(changed, ['a'])).toThrow(expect.objectContaining({ code: 'ROS_DEBIAN_DEPENDENCY' }))
  })
})

describe('exclude', () => {
  const index = indexOf(
    packageRecord('a', { depends: 'debconf (>= 1) | debconf-2.0, b' }),
    packageRecord('b', { depends: 'perl, gone' }),
    packageRecord('debconf 1', { depends: 'perl' }),
    packageRecord('cdebconf', { provides: 'debconf-2.0' }),
    packageRecord('perl'),
  )
  test('cuts the edge, and takes no other alternative for it', () => {
    expect(names(index, ['a'], ['debconf', 'perl', 'gone'])).toEqual(['a', 'b'])
    expect(names(index, ['cdebconf', 'a'], ['debconf', 'perl', 'gone'])).toEqual(['a', 'b', 'cdebconf'])
  })

  test('not what is named', () => {
    expect(names(index, ['a', 'perl'], ['debconf', 'perl', 'gone'])).toEqual(['a', 'b', 'perl'])
  })
})

describe('errors', () => {
  const index = indexOf(
    packageRecord('openssh-server', { depends: 'openssh-client (= 1)' }),
    packageRecord('openssh-client 1', { depends: 'gone (>= 2) | also-gone' }),
    packageRecord('gone 1'),
    packageRecord('a', { depends: 'lib (>= 2)' }),
    packageRecord('b', { depends: 'lib (<< 2)' }),
    packageRecord('lib 1'),
    packageRecord('lib 2'),
    packageRecord('c', { conflicts: 'mta' }),
    packageRecord('d', { provides: 'mta', conflicts: 'mta' }),
    packageRecord('e', { breaks: 'lib (<< 2)' }),
    packageRecord('f', { depends: 'lib (= 1)' }),
  )

  test('an unknown package, with what may have been meant', () => {
    expect(() => names(index, ['opensh-server'])).toThrow(
      expect.objectContaining({
        code: 'ROS_DEBIAN_PACKAGE_UNKNOWN',
        subject: 'opensh-server',
        hint: 'did you mean openssh-server?',
      }),
    )
    expect(() => names(index, ['quite-something-else'])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('apt-get update') }),
    )
  })

  test('a dependency that nothing meets', () => {
    expect(() => names(index, ['openssh-server'])).toThrow(
      expect.objectContaining({
        code: 'ROS_DEBIAN_DEPENDENCY',
        subject: 'openssh-client 1',
        got: 'gone (>= 2) | also-gone',
        limit: 'versions in the index: gone 1; also-gone none',
      }),
    )
    expect(() => names(index, ['lib (>= 3)'])).toThrow(
      expect.objectContaining({ code: 'ROS_DEBIAN_DEPENDENCY' }),
    )
  })

  test('versions that exclude each other', () => {
    expect(() => names(index, ['b', 'a'])).toThrow(
      expect.objectContaining({
        code: 'ROS_DEBIAN_CONFLICT',
        subject: 'a 1',
        got: 'lib (<< 2) required by b 1',
        limit: 'versions in the index: lib 2, 1',
      }),
    )
  })

  test('conflicts and breaks; with oneself they do not count', () => {
    expect(names(index, ['d'])).toEqual(['d'])
    expect(() => names(index, ['c', 'd'])).toThrow(
      expect.objectContaining({ code: 'ROS_DEBIAN_CONFLICT', subject: 'c 1', got: 'd 1' }),
    )
    expect(names(index, ['e', 'lib'])).toEqual(['e', 'lib'])
    expect(() => names(index, ['e', 'f'])).toThrow(/e 1: breaks lib \(<< 2\), got lib 1/)
  })

  test.each(['a | b', 'a, b', '', 'a b'])('%j is not one package', (text) => {
    expect(() => names(index, [text])).toThrow(expect.objectContaining({ code: 'ROS_DEBIAN_SYNTAX' }))
  })
})

test('neither the order of names nor that of records matters', () => {
  const letters = 'abcdefgh'.split('')
  const record = fc.record({
    name: fc.constantFrom(...letters),
    version: fc.constantFrom('1', '2'),
    depends: fc.subarray(
      letters.map((letter, i) => (i % 2 ? `${letter} | a` : letter)),
      { maxLength: 2 },
    ),
    provides: fc.subarray(['v', 'w'], { maxLength: 1 }),
  })
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 4, maxLength: 14 }),
      fc.infiniteStream(fc.nat()),
      (given, order) => {
        const records = given.map(({ name, version, depends, provides }) =>
          packageRecord(`${name} ${version}`, { depends: depends.join(', '), provides: provides.join(', ') }),
        )
        const unique = [...new Map(records.map((one) => [`${one.name} ${one.version}`, one])).values()]
        const shuffled = unique
          .map((one) => ({ one, key: order.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one)
        const wanted = [...new Set(unique.map(({ name }) => name))].slice(0, 3)
        const result = (index: PackageIndex, list: string[]) => {
          try {
            return versions(index, list)
          } catch (error) {
            return (error as { code: string }).code
          }
        }
        expect(result(indexOf(...shuffled), wanted.toReversed())).toEqual(result(indexOf(...unique), wanted))
      },
    ),
    { numRuns: 500 },
  )
})
