import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Rectangle, treemap } from './treemap.ts'

const whole: Rectangle = { x: 0, y: 0, width: 9600, height: 5600 }
const areaOf = ({ width, height }: Rectangle) => width * height

test('the sizes of the paper that describes it', () => {
  expect(treemap([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 600, height: 400 })).toEqual([
    { x: 0, y: 0, width: 300, height: 200 },
    { x: 0, y: 200, width: 300, height: 200 },
    { x: 300, y: 0, width: 171, height: 233 },
    { x: 471, y: 0, width: 129, height: 233 },
    { x: 300, y: 233, width: 120, height: 167 },
    { x: 420, y: 233, width: 120, height: 167 },
    { x: 540, y: 233, width: 60, height: 167 },
  ])
})

test.each([
  [[], []],
  [[7], [whole]],
  [
    [0, 7, 0],
    [{ x: 0, y: 0, width: 0, height: 0 }, whole, { x: 0, y: 0, width: 0, height: 0 }],
  ],
])('few sizes: %j', (sizes, want) => {
  expect(treemap(sizes, whole)).toEqual(want)
})

const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(1_000_000), fc.nat({ max: 2 ** 45 })), {
  minLength: 1,
  maxLength: 80,
})
const parent = fc.record({
  x: fc.nat(500),
  y: fc.nat(500),
  width: fc.integer({ min: 1, max: 9600 }),
  height: fc.integer({ min: 1, max: 9600 }),
})

test('rectangles tile their parent: within it, none over another, no room left', () => {
  fc.assert(
    fc.property(sizes, parent, (given, within) => {
      const placed = treemap(given, within)
      expect(placed).toHaveLength(given.length)
      const shown = placed.filter((one) => areaOf(one) > 0)
      for (const { x, y, width, height } of shown) {
        expect([x, y, width, height].every(Number.isSafeInteger)).toBe(true)
        expect(x >= within.x && y >= within.y).toBe(true)
        expect(x + width <= within.x + within.width && y + height <= within.y + within.height).toBe(true)
      }
      for (const [index, a] of shown.entries())
        for (const b of shown.slice(index + 1)) {
          const beside = a.x + a.width <= b.x || b.x + b.width <= a.x
          expect(beside || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true)
        }
      const covered = shown.reduce((sum, one) => sum + areaOf(one), 0)
      expect(covered).toBe(given.some((size) => size > 0) ? areaOf(within) : 0)
    }),
  )
})

test('an area is its share of the sizes, as near as whole edges allow', () => {
  fc.assert(
    fc.property(sizes, (given) => {
      const total = given.reduce((sum, size) => sum + size, 0)
      for (const [index, one] of treemap(given, whole).entries()) {
        const want = total === 0 ? 0 : (areaOf(whole) * (given[index] ?? 0)) / total
        // Half a unit at each edge, and what was rounded before it.
        expect(Math.abs(areaOf(one) - want)).toBeLessThanOrEqual(2 * (whole.width + whole.height))
      }
    }),
  )
})

test('the order of sizes does not matter to their rectangles, and nothing else does', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 1 }), (given) => {
      const backwards = treemap(given.toReversed(), whole).toReversed()
      expect(treemap(given, whole)).toEqual(backwards)
    }),
  )
})
