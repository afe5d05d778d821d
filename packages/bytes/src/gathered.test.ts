import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gathered } from './gathered.ts'

const lengths = fc.array(fc.nat({ max: 20 }), { maxLength: 30 })

test('the same bytes, in chunks that are large but for the last of a run', async () => {
  await fc.assert(
    fc.asyncProperty(lengths, async (given) => {
      let next = 0
      const chunks = given.map((length) => Uint8Array.from({ length }, () => next++ % 256))
      const got: number[] = []
      for await (const chunk of gathered(chunks, 10)) {
        expect(chunk.length).toBeGreaterThan(0)
        got.push(...chunk)
      }
      expect(got).toEqual(chunks.flatMap((chunk) => [...chunk]))
    }),
  )
})

test('what came before an error is given out', async () => {
  async function* failing() {
    yield Uint8Array.of(1, 2)
    yield Uint8Array.of(3)
    throw new Error('cut')
  }
  const got: number[] = []
  const reading = async () => {
    for await (const chunk of gathered(failing(), 10)) got.push(...chunk)
  }
  await expect(reading()).rejects.toThrow('cut')
  expect(got).toEqual([1, 2, 3])
})
