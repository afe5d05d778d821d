import { describe, expect, test } from 'vitest'
import { OutputBuffer } from './index.ts'

const SIZE = 1_048_576

function drain(chunks: Iterable<Uint8Array>): number[] {
  return [...chunks].map((chunk) => chunk.length)
}

describe('OutputBuffer', () => {
  test('gives full chunks on the way, and the rest at the end', () => {
    const output = new OutputBuffer(3 * SIZE, false)
    expect(drain(output.put(new Uint8Array(10).fill(1)))).toEqual([])
    expect(drain(output.zeros(2 * SIZE))).toEqual([SIZE, SIZE])
    expect([output.total, output.room]).toEqual([2 * SIZE + 10, SIZE - 10])
    expect(output.take()).toHaveLength(10)
    expect(output.take()).toHaveLength(0)
  })

  test('reserves no more than there is room for', () => {
    const output = new OutputBuffer(100, false)
    expect(output.reserve(60)).toHaveLength(60)
    expect(output.reserve(60)).toHaveLength(40)
    expect(output.reserve(60)).toHaveLength(0)
    expect(output.take()).toHaveLength(100)
  })

  test('zeros are zeros in a buffer that is used again', () => {
    const output = new OutputBuffer(SIZE, true)
    for (let round = 0; round < 5; round++) {
      output.reserve(SIZE).fill(7)
      output.take()
    }
    expect(drain(output.zeros(100))).toEqual([])
    expect(output.take().every((byte) => byte === 0)).toBe(true)
  })

  test('without reuse each chunk has its own memory', () => {
    const output = new OutputBuffer(3 * SIZE, false)
    const chunks = [...output.put(new Uint8Array(2 * SIZE).fill(1)), output.take()]
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(chunks.length)
  })
})
