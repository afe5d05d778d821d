import { describe, expect, test } from 'vitest'
import { paragraphReader } from './deb822.ts'
import { parseParagraphs } from './index.ts'

const text = `Package: a
Description: short
 long line
 .
 end
X-Empty:

\t
Package: b
Depends: c,
 d (>= 1:2)
`

describe('paragraphs', () => {
  test('fields, folded values, blank lines between', () => {
    const [a, b, ...none] = parseParagraphs(text, 'file')
    expect(none).toEqual([])
    expect(a?.line).toBe(1)
    expect([...(a?.fields ?? [])]).toEqual([
      ['package', 'a'],
      ['description', 'short\nlong line\n.\nend'],
      ['x-empty', ''],
    ])
    expect(b?.line).toBe(9)
    expect(b?.fields.get('depends')).toBe('c,\nd (>= 1:2)')
  })

  test('bytes may come in any portions, and the last newline may be missing', () => {
    const bytes = new TextEncoder().encode(text.trimEnd())
    const reader = paragraphReader('file')
    const found = [...bytes].flatMap((byte) => reader.push(Uint8Array.of(byte)))
    expect([...found, ...reader.end()]).toEqual(parseParagraphs(text, 'file'))
  })

  test('keeps only the fields that are wanted', () => {
    const reader = paragraphReader('file', new Set(['depends']))
    const all = [...reader.push(new TextEncoder().encode(text)), ...reader.end()]
    expect(all.map(({ fields }) => [...fields])).toEqual([[], [['depends', 'c,\nd (>= 1:2)']]])
  })

  test.each([
    ['Package a', 1],
    ['A: 1\nPackage', 2],
    ['A: 1\n# note: x', 2],
    ['A: 1\n-b: x', 2],
    ['A: 1\nB B: x', 2],
    ['A: 1\n: x', 2],
    [' a', 1],
    ['A: 1\n\n b', 3],
    ['A: 1\nB: 2\na: 3', 3],
    ['A: 1\nB: \ud800', 2],
  ])('refuses %j with its line', (broken, line) => {
    const bytes = broken.includes('\ud800') ? Buffer.from('A: 1\nB: \xff', 'latin1') : Buffer.from(broken)
    const read = () => {
      const reader = paragraphReader('file')
      return [...reader.push(bytes), ...reader.end()]
    }
    expect(read).toThrow(
      expect.objectContaining({ code: 'ROS_DEBIAN_SYNTAX', subject: `file, line ${line}` }),
    )
  })

  test('refuses a line without an end', () => {
    const reader = paragraphReader('file')
    expect(() => {
      for (let i = 0; i < 40; i++) reader.push(new Uint8Array(65_536).fill(0x61))
    }).toThrow(/longer than 1048576 bytes/)
  })
})
