import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
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
      await writeChunks(handle, chunks, part)
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

/** Length in bytes; undefined when there is no such file. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
