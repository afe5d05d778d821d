import { describe, expect, test } from 'vitest'
import { parseRelations, satisfies, type VersionOperator } from './index.ts'

describe('parseRelations', () => {
  test('groups, alternatives, versions and architectures', () => {
    const text = 'libc6 (>= 2.34), debconf (>=0.5)|debconf-2.0,\n python3:any ( << 3.12~ ) , g++:amd64'
    expect(parseRelations(text, 'x')).toEqual([
      [{ name: 'libc6', operator: '>=', version: '2.34' }],
      [{ name: 'debconf', operator: '>=', version: '0.5' }, { name: 'debconf-2.0' }],
      [{ name: 'python3', architecture: 'any', operator: '<<', version: '3.12~' }],
      [{ name: 'g++', architecture: 'amd64' }],
    ])
  })

  test('nothing, a comma at the end, and the operators of old', () => {
    expect(parseRelations('  ', 'x')).toEqual([])
    expect(parseRelations('a,', 'x')).toEqual([[{ name: 'a' }]])
    expect(parseRelations('a (< 1), b (> 1)', 'x')).toEqual([
      [{ name: 'a', operator: '<=', version: '1' }],
      [{ name: 'b', operator: '>=', version: '1' }],
    ])
  })

  test.each([
    'a,,b',
    '|a',
    'a |',
    'a (1.0)',
    'a (>= )',
    'a (=> 1)',
    'a b',
    'a (>= 1',
    'a:',
    '(>= 1)',
    'a (>= 1_2)',
  ])('refuses %j', (text) => {
    expect(() => parseRelations(text, 'pkg 1')).toThrow(
      expect.objectContaining({ code: 'ROS_DEBIAN_SYNTAX', subject: 'pkg 1' }),
    )
  })
})

test('satisfies: each operator below, at and above its version', () => {
  const rows: Record<VersionOperator, [boolean, boolean, boolean]> = {
    '<<': [true, false, false],
    '<=': [true, true, false],
    '=': [false, true, false],
    '>=': [false, true, true],
    '>>': [false, false, true],
  }
  for (const [operator, expected] of Object.entries(rows)) {
    const relation = { name: 'a', operator: operator as VersionOperator, version: '2-1' }
    expect(['1', '2-1', '2-1+b1'].map((version) => satisfies(version, relation))).toEqual(expected)
  }
  expect(satisfies('1', { name: 'a' })).toBe(true)
})
