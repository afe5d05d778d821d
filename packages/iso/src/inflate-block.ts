/** Bytes that are given to the inflater at once: they make a thousand times as many at the most. */
const STEP = 4096

/**
 * Content of a zlib stream (RFC 1950) that fills exactly `size` bytes. Throws what the inflater throws for damage, and `RangeError` for
 * another length, as soon as more have come.
 */
export async function inflateBlock(packed: Uint8Array, size: number): Promise<Uint8Array> {
  const content = new Uint8Array(size)
  let given = 0
  let filled = 0
  const input = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (given === packed.length) return controller.close()
        const step = packed.slice(given, given + STEP)
        given += step.length
        controller.enqueue(step)
      },
    },
    { highWaterMark: 0 },
  )
  const output = input.pipeThrough(new DecompressionStream('deflate')).getReader()
  try {
    for (let next = await output.read(); !next.done; next = await output.read()) {
      if (filled + next.value.length > size) throw new RangeError(`more than ${size} bytes`)
      content.set(next.value, filled)
      filled += next.value.length
    }
  } finally {
    await output.cancel().catch(() => undefined)
  }
  if (filled < size) throw new RangeError(`${filled} bytes, not ${size}`)
  return content
}
