/**
 * The same chunks, each made while the one before it is used: a consumer that writes to a file without blocking has the
 * next chunk read meanwhile. At most one chunk is made ahead.
 */
export async function* readAhead(chunks: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  let next = chunks.next()
  try {
    for (;;) {
      const { done, value } = await next
      if (done) return
      // Deferred, or it would be made before this chunk is out: reading blocks.
      next = laterTurn().then(() => chunks.next())
      next.catch(() => undefined)
      yield value
    }
  } finally {
    await next.catch(() => undefined)
    await chunks.return()
  }
}

/** Browsers do not have the first. */
const defer = globalThis.setImmediate ?? setTimeout

function laterTurn(): Promise<void> {
  return new Promise((resolve) => {
    defer(resolve)
  })
}
