import type { Response } from 'node-fetch'
import { StoreError } from '../error.ts'
import { redacted } from './url.ts'

export interface BodyContext {
  readonly url: URL
  /** Announced length. */
  readonly size: number | undefined
  readonly settings: {
    readonly timeoutMs: number
    readonly minimumBytes: number
    readonly signal?: AbortSignal
  }
  /** Called when all has been read. */
  readonly finish: () => void
  /** Called when reading ends early. */
  readonly discard: () => void
}

/**
 * A body that must come, at a rate: only the time that its reader waits for it counts. An end before the announced length
 * throws `ROS_HTTP_CUT`, so a cut is never taken for the end.
 */
export async function* watchedBody(
  response: Response,
  context: BodyContext,
): AsyncGenerator<Uint8Array, void> {
  const { url, size, settings, finish, discard } = context
  const { timeoutMs, minimumBytes, signal } = settings
  const chunks = (response.body as AsyncIterable<Uint8Array> | null)?.[Symbol.asyncIterator]()
  if (!chunks) return finish()
  let done = 0
  let waitedMs = 0
  let inWindow = 0
  let whole = false
  try {
    for (;;) {
      const since = performance.now()
      const next = await withTimeout(chunks.next(), timeoutMs)
      waitedMs += performance.now() - since
      if (next === 'late') throw slow(url, `no byte for ${timeoutMs} ms`, done)
      if (next.done) break
      done += next.value.length
      inWindow += next.value.length
      if (size !== undefined && done > size) throw cut(url, done, size)
      if (waitedMs >= timeoutMs) {
        if (inWindow < minimumBytes) throw slow(url, `${inWindow} bytes in ${Math.round(waitedMs)} ms`, done)
        waitedMs = 0
        inWindow = 0
      }
      yield next.value
    }
    if (size !== undefined && done !== size && response.status !== 304) throw cut(url, done, size)
    whole = true
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof StoreError ? error : cut(url, done, size, error)
  } finally {
    if (whole) finish()
    else discard()
  }
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    // Abandoned, it fails when the exchange is ended: nobody is to hear of that.
    promise.catch(() => undefined)
  }
}

function slow(url: URL, got: string, done: number): StoreError {
  return new StoreError('ROS_HTTP_TIMEOUT', `server sends too slowly, after ${done} bytes`, {
    subject: redacted(url),
    got,
  })
}

function cut(url: URL, done: number, size: number | undefined, cause?: unknown): StoreError {
  return new StoreError('ROS_HTTP_CUT', 'the body has another length than announced', {
    subject: redacted(url),
    got: `${done} bytes`,
    ...(size !== undefined && { limit: `${size} bytes` }),
    ...(cause !== undefined && { cause }),
  })
}
