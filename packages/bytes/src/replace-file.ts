import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BytesError } from './error.ts'

export interface ReplaceFileOptions {
  /** Permission bits of the new file; default 0o644. */
  readonly mode?: number
  /** Called after each chunk with the bytes written so far. */
  readonly onProgress?: (written: number) => void
}

/**
 * Writes a file as a whole or not at all: to a temporary name beside it, fsync, rename. When anything fails, the
 * temporary file is removed and what stood at `path` before stands there still. Gives the size in bytes. A refusal by
 * the system throws `ROS_BYTES_WRITE`; what the chunks throw comes through unchanged.
 */
export async function replaceFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReplaceFileOptions = {},
): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`
  let size = 0
  const permitted = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw writeError(path, size, cause)
    })
  await permitted(mkdir(dirname(path), { recursive: true }))
  try {
    const handle = await permitted(open(temporary, 'wx', options.mode ?? 0o644))
    try {
      size = await writeChunks(handle, chunks, path, options.onProgress)
      await permitted(handle.sync())
    } finally {
      await handle.close()
    }
    await permitted(rename(temporary, path))
    return size
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Writes all chunks at the handle's position; a refusal by the system becomes `ROS_BYTES_WRITE` naming `subject`. */
export async function writeChunks(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  subject: string,
  onProgress?: (written: number) => void,
): Promise<number> {
  let size = 0
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length; ) {
      try {
        done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten
      } catch (cause) {
        throw writeError(subject, size + done, cause)
      }
    }
    size += chunk.length
    onProgress?.(size)
  }
  return size
}

function writeError(subject: string, written: number, cause: unknown): BytesError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC'
  return new BytesError(
    'ROS_BYTES_WRITE',
    full ? 'no space left on the device' : `write refused: ${reason}`,
    {
      subject,
      got: `${written} bytes written`,
      cause,
      ...(full && {
        hint: 'free some space or write elsewhere with --out; nothing half-written was left behind',
      }),
    },
  )
}
