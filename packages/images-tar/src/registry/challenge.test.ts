import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseChallenges } from './challenge.ts'

const parse = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])

test.each([
  ['Basic realm="test"', [['basic', { realm: 'test' }]]],
  [
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        {
          realm: 'https://auth.example/token',
          service: 'registry.example',
          scope: 'repository:a/b:pull,push',
        },
      ],
    ],
  ],
  [
    'Bearer realm=a , Service = "b c" , Basic realm="x"',
    [
      ['bearer', { realm: 'a', service: 'b c' }],
      ['basic', { realm: 'x' }],
    ],
  ],
  [
    'Negotiate, Basic realm="a, b=\\"c\\""',
    [
      ['negotiate', {}],
      ['basic', { realm: 'a, b="c"' }],
    ],
  ],
  [
    'Negotiate abc123==, Basic realm=x',
    [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  ],
  ['', []],
  [', ,', []],
  ['Basic realm="open', [['basic', {}]]],
])('%s', (header, expected) => {
  expect(parse(header)).toEqual(expected)
})

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/)
const value = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '"', '\\', ',', '=', ':', '/', ';'),
  maxLength: 12,
})

test('what is written by the grammar is read back', () => {
  const challenge = fc.record({
    scheme: token,
    parameters: fc.uniqueArray(fc.tuple(token, value), {
      selector: ([name]) => name.toLowerCase(),
      maxLength: 4,
    }),
  })
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 3 }), (challenges) => {
      const header = challenges
        .map(({ scheme, parameters }) =>
          `${scheme} ${parameters.map(([name, text]) => `${name}="${text.replace(/["\\]/g, '\\$&')}"`).join(', ')}`.trim(),
        )
        .join(', ')
      expect(parse(header)).toEqual(
        challenges.map(({ scheme, parameters }) => [
          scheme.toLowerCase(),
          Object.fromEntries(parameters.map(([name, text]) => [name.toLowerCase(), text])),
        ]),
      )
    }),
  )
})

test('any text ends, and gives schemes in lower case', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (header) => {
      for (const { scheme } of parseChallenges(header)) expect(scheme).toBe(scheme.toLowerCase())
    }),
  )
})
