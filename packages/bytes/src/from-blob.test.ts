import { expect, test } from 'vitest'
import { collect, fromBlob } from './index.ts'

const bytes = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 251)
const source = fromBlob(new Blob([bytes]))

test.each([
  [0, 0],
  [0, 1],
  [1, 1_048_576],
  [1_048_575, 1_048_577],
  [0, 2_500_000],
  [2_500_000, 0],
])('from %i, %i bytes', async (offset, length) => {
  const got = await collect(source.open(offset, length), bytes.length)
  expect(Buffer.compare(got, bytes.subarray(offset, offset + length))).toBe(0)
  for await (const chunk of source.open(offset, length)) expect(chunk.length).toBeGreaterThan(0)
})

test('the whole by default, and nothing beyond it', async () => {
  expect(source.size).toBe(bytes.length)
  expect(Buffer.compare(await collect(source.open(), bytes.length), bytes)).toBe(0)
  await expect(collect(source.open(1, bytes.length), 2 ** 30)).rejects.toMatchObject({
    code: 'ROS_BYTES_RANGE',
  })
})
