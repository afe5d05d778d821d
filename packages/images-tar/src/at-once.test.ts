import { expect, test } from 'vitest'
import { atOnce } from './at-once.ts'

test('results keep the order, and no more than allowed run at once', async () => {
  let running = 0
  let most = 0
  const results = await atOnce(2, [30, 10, 20, 0], async (ms, index) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, ms))
    running--
    return `${index}:${ms}`
  })
  expect(results).toEqual(['0:30', '1:10', '2:20', '3:0'])
  expect(most).toBe(2)
})

test('a failure ends it, after what was under way', async () => {
  const begun: number[] = []
  const work = atOnce(2, [0, 1, 2, 3, 4], async (item) => {
    begun.push(item)
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (item === 0) throw new Error('no')
  })
  await expect(work).rejects.toThrow('no')
  expect(begun.length).toBeLessThanOrEqual(3)
})
