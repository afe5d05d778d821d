import { expect, test } from 'vitest'
import { makeReaders } from './readers.ts'
import { fuzz, inputOf } from './run.ts'
import { makeSeeds } from './seeds.ts'

const SEED = 20_261_123
const INPUTS = 300
const readers = makeReaders(await makeSeeds())

test.each(readers.map((reader) => [reader.name, reader] as const))(
  '%s reads what is whole',
  async (_, reader) => {
    for (const { bytes } of reader.seeds) await reader.read(bytes)
  },
)

test.each(readers.map((reader) => [reader.name, reader] as const))(
  '%s throws only errors of its own',
  async (_, reader) => {
    const { failures, accepted, refused } = await fuzz(reader, SEED, INPUTS)
    expect(failures).toEqual([])
    expect(accepted + refused).toBe(INPUTS)
  },
)

test('the same number is the same input', () => {
  for (const reader of readers) expect(inputOf(reader, 1, 7)).toEqual(inputOf(reader, 1, 7))
})
