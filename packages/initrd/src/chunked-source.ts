import { type ByteSource, checkRange } from '@ros/bytes'

/** Chunks that are in memory anyway, as one source, without copying them together. */
export function chunkedSource(chunks: readonly Uint8Array[]): ByteSource {
  const starts: number[] = []
  let size = 0
  for (const chunk of chunks) {
    starts.push(size)
    size += chunk.length
  }
  function* parts(offset: number, length: number): Generator<Uint8Array, void> {
    checkRange('unpacked segment', size, offset, length)
    let position = offset
    for (let i = lastAtMost(starts, offset); position < offset + length; i++) {
      const chunk = chunks[i] as Uint8Array
      const from = position - (starts[i] as number)
      const part = chunk.subarray(from, from + offset + length - position)
      position += part.length
      if (part.length > 0) yield part
    }
  }
  return {
    size,
    async *open(offset = 0, length = size - offset) {
      yield* parts(offset, length)
    },
    readInto(target, offset) {
      let filled = 0
      for (const part of parts(offset, target.length)) {
        target.set(part, filled)
        filled += part.length
      }
    },
  }
}

/** Index of the last of these ascending numbers that is not above `value`. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0
  for (let high = ascending.length; high - low > 1; ) {
    const middle = Math.floor((low + high) / 2)
    if ((ascending[middle] as number) <= value) low = middle
    else high = middle
  }
  return low
}
