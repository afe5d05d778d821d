import { open } from 'node:fs/promises'

/** Writes chunks to a file and leaves holes where a chunk is zero: a large image of nothing costs little. */
export async function writeSparse(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(path, 'w')
  try {
    let position = 0
    for await (const chunk of chunks) {
      if (!isZero(chunk)) await handle.write(chunk, 0, chunk.length, position)
      position += chunk.length
    }
    await handle.truncate(position)
    return position
  } finally {
    await handle.close()
  }
}

const ZERO = Buffer.alloc(1_048_576)

function isZero(chunk: Uint8Array): boolean {
  return chunk.length <= ZERO.length && ZERO.compare(chunk, 0, chunk.length, 0, chunk.length) === 0
}
