import { expect, test } from 'vitest'
import { collect, limited, zeros } from './index.ts'

const tooLong = (size: number) => new RangeError(`${size} bytes`)

test('what fits is given whole', async () => {
  expect(await collect(limited(zeros(1000).open(), 1000, tooLong), 1000)).toHaveLength(1000)
})

test('the first byte too many ends it, and nothing of its chunk is given', async () => {
  const given: Uint8Array[] = []
  let closed = false
  async function* endless() {
    try {
      for (;;) yield new Uint8Array(400)
    } finally {
      closed = true
    }
  }
  const read = async () => {
    for await (const chunk of limited(endless(), 1000, tooLong)) given.push(chunk)
  }
  await expect(read()).rejects.toThrow(new RangeError('1200 bytes'))
  expect(given).toHaveLength(2)
  expect(closed).toBe(true)
})
