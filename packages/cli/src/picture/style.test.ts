import { describe, expect, test } from 'vitest'
import { STYLE as SPACE } from '../space/style.ts'
import { STYLE as TIMELINE } from '../timeline/style.ts'
import { SHARED_STYLE } from './style.ts'

// A browser's checker does not see what is behind the text of an SVG: that is reckoned here.

/** The variables of a style sheet: those of dark schemes over the light ones. */
function colours(style: string, scheme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, dark, rules] of style.matchAll(
    /(@media \(prefers-color-scheme: dark\) \{\s*)?:root \{([^}]*)\}/g,
  ))
    if (dark === undefined || scheme === 'dark')
      for (const [, name, value] of rules?.matchAll(/--(\w+): (#[0-9a-f]{6});/g) ?? [])
        found.set(name ?? '', value ?? '')
  return found
}

/** Contrast of two colours, WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

test('black on white', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

const FILLS = ['back', 'opened', 'program', 'module', 'packed', 'file', 'rest', 'meta', 'boot']

describe.each(['light', 'dark'] as const)('%s', (scheme) => {
  test.each([
    ['the picture of a boot', TIMELINE, ['back', 'hover'], ['done', 'failed', 'runs', 'mark']],
    ['the picture of space', SPACE, FILLS, ['edge']],
  ])('%s: 4.5 for text, 3 for shapes', (_, style, behind, shapes) => {
    const all = colours(SHARED_STYLE + style, scheme)
    const of = (name: string) => all.get(name) ?? expect.fail(`no colour ${name}`)
    const low = behind.flatMap((back) => [
      ...(contrast(of('text'), of(back)) < 4.5 ? [`text on ${back}`] : []),
      ...[...shapes, 'focus'].flatMap((shape) =>
        contrast(of(shape), of(back)) < 3 ? [`${shape} on ${back}`] : [],
      ),
    ])
    expect(low).toEqual([])
    const quiet = ['soft', ...(all.has('link') ? ['link'] : [])]
    expect(quiet.filter((name) => contrast(of(name), of('back')) < 4.5)).toEqual([])
  })
})
