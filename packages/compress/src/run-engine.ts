import type { Duplex } from 'node:stream'
import type { Zlib } from 'node:zlib'
import { corruptError, truncatedError } from './error.ts'

export type Engine = Duplex & Zlib

/** What to do after a chunk of which the engine took only `used` bytes: it has reached its end. */
type OnSurplus = (chunk: Uint8Array, used: number) => void

/**
 * The output of one of Node's compression streams. One chunk is given at a time and the next only after it was used
 * up: so a chunk may be overwritten once the next one is asked for, and the end is always announced after the last
 * chunk is through, which keeps a compressor's bytes independent of timing.
 */
export async function* runEngine(
  engine: Engine,
  format: string,
  input: AsyncIterable<Uint8Array>,
  onSurplus?: OnSurplus,
): AsyncGenerator<Uint8Array, void> {
  const feeding = feed(engine, input, onSurplus).catch((cause: unknown) => {
    engine.destroy(cause instanceof Error ? cause : new Error(String(cause)))
  })
  try {
    for await (const chunk of engine) yield chunk as Uint8Array
    await feeding
  } catch (cause) {
    throw engineError(format, cause)
  } finally {
    engine.destroy()
    await feeding
  }
}

async function feed(engine: Engine, input: AsyncIterable<Uint8Array>, onSurplus?: OnSurplus): Promise<void> {
  for await (const chunk of input) {
    const before = engine.bytesWritten
    await write(engine, chunk)
    if (engine.destroyed) return
    const used = engine.bytesWritten - before
    if (used < chunk.length) {
      onSurplus?.(chunk, used)
      break
    }
  }
  engine.end()
}

/** Resolves when the chunk is used up, and also when the engine is destroyed, which drops the callback. */
function write(engine: Engine, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.once('close', resolve)
    engine.write(chunk, (error) => {
      engine.off('close', resolve)
      if (error) reject(error)
      else resolve()
    })
  })
}

/** Errors of zlib and zstd become ours; what the input threw goes through unchanged. */
function engineError(format: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return truncatedError(format, cause)
  if (code?.startsWith('Z_') || code?.startsWith('ZSTD_')) return corruptError(format, message, cause)
  return cause
}
