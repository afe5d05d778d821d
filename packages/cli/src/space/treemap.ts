/** Whole numbers: a caller that wants fractions of a pixel counts in them. */
export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Squarified treemap (Bruls, Huizing, van Wijk 2000): rectangles that tile `within`, each as large as its share of the
 * sizes and as near to a square as those before it let it be, in the order of the sizes. Edges are whole numbers, so that areas are as
 * near to their shares as that allows. What has no size has no area.
 */
export function treemap(sizes: readonly number[], within: Rectangle): Rectangle[] {
  const { x, y } = within
  const placed: Rectangle[] = sizes.map(() => ({ x, y, width: 0, height: 0 }))
  const waiting = sizes
    .map((size, index) => ({ size, index }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size || a.index - b.index)
  let rest = within
  let total = waiting.reduce((sum, { size }) => sum + size, 0)
  for (let at = 0; at < waiting.length; ) {
    const end = rowEnd(waiting, at, rest, total)
    const row = waiting.slice(at, end)
    const sum = row.reduce((part, { size }) => part + size, 0)
    const { rectangles, left } = placeRow(row, sum, end === waiting.length ? sum : total, rest)
    for (const [position, { index }] of row.entries()) placed[index] = rectangles[position] ?? rest
    rest = left
    total -= sum
    at = end
  }
  return placed
}

interface Sized {
  readonly size: number
  readonly index: number
}

/** Where the row that begins at `at` ends: before the first that would make the longest rectangle longer. */
function rowEnd(waiting: readonly Sized[], at: number, { width, height }: Rectangle, total: number): number {
  const side = Math.min(width, height)
  const largest = (waiting[at]?.size ?? 0) / total
  const area = width * height
  let sum = 0
  let worst = Number.POSITIVE_INFINITY
  for (let end = at; end < waiting.length; end++) {
    const smallest = (waiting[end]?.size ?? 0) / total
    sum += smallest
    const thickness = (area * sum) / side
    // Along the side a rectangle is as long as its part of the row.
    const long = (side * largest) / sum
    const short = (side * smallest) / sum
    const ratio = Math.max(long / thickness, thickness / short)
    if (ratio > worst) return end
    worst = ratio
  }
  return waiting.length
}

function placeRow(
  row: readonly Sized[],
  sum: number,
  total: number,
  { x, y, width, height }: Rectangle,
): { rectangles: Rectangle[]; left: Rectangle } {
  const across = width >= height
  const side = across ? height : width
  const thickness = Math.round((across ? width : height) * (sum / total))
  let before = 0
  const rectangles = row.map(({ size }) => {
    const from = Math.round(side * (before / sum))
    before += size
    const length = Math.round(side * (before / sum)) - from
    return across
      ? { x, y: y + from, width: thickness, height: length }
      : { x: x + from, y, width: length, height: thickness }
  })
  const left = across
    ? { x: x + thickness, y, width: width - thickness, height }
    : { x, y: y + thickness, width, height: height - thickness }
  return { rectangles, left }
}
