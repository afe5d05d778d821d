import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { gathered } from '@ros/bytes'
import { type Digest, writeChunks } from '@ros/bytes/node'
import { temporaryPath } from './temporary.ts'

/** Writes a temporary file, then moves it to where `destination`, asked after the last byte, says. */
export async function writeOnce(
  temporary: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  destination: () => string,
): Promise<void> {
  const part = temporaryPath(temporary)
  try {
    const handle = await open(part, 'wx', 0o444)
    try {
      await writeChunks(handle, gathered(chunks), part)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const path = destination()
    await mkdir(dirname(path), { recursive: true })
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** The same chunks, and their digest once they have all been read. */
export function hashed(chunks: AsyncIterable<Uint8Array>): {
  readonly chunks: AsyncIterable<Uint8Array>
  digest(): Digest
} {
  const hash = createHash('sha256')
  let digest: Digest | undefined
  async function* pass(): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk)
      yield chunk
    }
    digest = `sha256:${hash.digest('hex')}`
  }
  return {
    chunks: pass(),
    digest() {
      if (digest === undefined) throw new Error('digest asked for before the last chunk was read')
      return digest
    },
  }
}

const DAY_MS = 86_400_000

/**
 * Length in bytes; undefined when there is no such file. The file's time becomes that of its last use, once a day, for whoever
 * wants to know what is not used any more.
 */
export async function usedSize(path: string, nowMs: number): Promise<number | undefined> {
  try {
    const { size, mtimeMs } = await stat(path)
    // Somebody else's cache may be read only: it is used all the same.
    if (nowMs - mtimeMs > DAY_MS) await utimes(path, nowMs / 1000, nowMs / 1000).catch(() => undefined)
    return size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
