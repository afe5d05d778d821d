import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BytesError } from './error.ts'

export interface ReplaceFileOptions {
  /** Permission bits of the new file; default 0o644. */
  readonly mode?: number
  /** Zeros of 64 KiB and more take no room where the file system can leave holes. */
  readonly sparse?: boolean
  /** Where the file is written before it is moved, on the same file system; default beside it, under a random name. */
  readonly temporary?: string
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
  const temporary = options.temporary ?? `${path}.${randomBytes(6).toString('hex')}.part`
  let size = 0
  const permitted = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw writeError(path, size, cause)
    })
  await permitted(mkdir(dirname(path), { recursive: true }))
  try {
    const handle = await permitted(open(temporary, 'wx', options.mode ?? 0o644))
    try {
      const write = options.sparse ? writeSparse : writeChunks
      size = await write(handle, chunks, path, options.onProgress)
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

const HOLE = 65_536

/** As `writeChunks`, from the start of an empty file, with holes for whole blocks of zeros. */
async function writeSparse(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  subject: string,
  onProgress?: (written: number) => void,
): Promise<number> {
  const blank = Buffer.alloc(HOLE)
  let size = 0
  const refused = (cause: unknown): never => {
    throw writeError(subject, size, cause)
  }
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let start = 0
    const flush = async (end: number) => {
      for (let done = start; done < end; ) {
        const written = await handle.write(bytes, done, end - done, size + done).catch(refused)
        done += written.bytesWritten
      }
    }
    for (let at = 0; at + HOLE <= bytes.length; at += HOLE) {
      if (!bytes.subarray(at, at + HOLE).equals(blank)) continue
      await flush(at)
      start = at + HOLE
    }
    await flush(bytes.length)
    size += chunk.length
    onProgress?.(size)
  }
  await handle.truncate(size).catch(refused)
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
