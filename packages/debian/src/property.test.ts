import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toolStatus } from '../test/tools.ts'
import { compareVersions, formatRelation, parseRelations } from './index.ts'

const part = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet.split('')), maxLength: 6 })
const version = fc
  .tuple(
    fc.option(fc.nat(11), { nil: undefined }),
    fc.nat(12),
    part('0019ab.Z+~-'),
    fc.option(
      part('0019ab.Z+~').filter((text) => text !== ''),
      { nil: undefined },
    ),
  )
  .map(([epoch, first, rest, revision]) => {
    // Without a revision, a hyphen in the rest would begin one.
    const upstream = `${first}${revision === undefined ? rest.replaceAll('-', '') : rest}`
    return `${epoch === undefined ? '' : `${epoch}:`}${upstream}${revision === undefined ? '' : `-${revision}`}`
  })
/** Versions that differ little are where rules are broken. */
const pair = fc.oneof(
  fc.tuple(version, version),
  fc
    .tuple(version, fc.constantFrom('~', '0', '+', 'a', '.1', '-0', '~~', '00'))
    .map(([a, end]) => [a, a + end]),
) as fc.Arbitrary<[string, string]>

describe('versions', () => {
  test('are ordered as dpkg orders them', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const isLower = toolStatus('dpkg', ['--compare-versions', a, 'lt', b]) === 0
        const isEqual = toolStatus('dpkg', ['--compare-versions', a, 'eq', b]) === 0
        const expected = isEqual ? 0 : isLower ? -1 : 1
        expect([a, b, Math.sign(compareVersions(a, b))]).toEqual([a, b, expected])
      }),
      { numRuns: 400 },
    )
  })

  test('have one order: reversed pairs and triples agree', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)))
        const sorted = [a, b, c].sort(compareVersions)
        expect(compareVersions(sorted[0] ?? '', sorted[2] ?? '')).toBeLessThanOrEqual(0)
      }),
      { numRuns: 2000 },
    )
  })
})

test('relations read back as they are written', () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/)
  const relation = fc.record(
    {
      name,
      architecture: fc.constantFrom('any', 'amd64', 'native'),
      version,
      operator: fc.constantFrom('<<', '<=', '=', '>=', '>>'),
    },
    { requiredKeys: ['name'] },
  )
  fc.assert(
    fc.property(fc.array(fc.array(relation, { minLength: 1, maxLength: 3 }), { minLength: 1 }), (given) => {
      const groups = given.map((group) =>
        group.map(({ operator, version: wanted, ...rest }) =>
          operator && wanted ? { ...rest, operator, version: wanted } : rest,
        ),
      )
      const text = groups.map((group) => group.map(formatRelation).join(' | ')).join(', ')
      expect(parseRelations(text, 'test')).toEqual(groups)
    }),
  )
})
