import type { ByteSource } from '@ros/bytes'
import type { IsoArea } from './area.ts'
import { IsoError } from './error.ts'
import type { IsoLayout } from './layout.ts'
import { SECTOR } from './sector.ts'

// Large enough that a call per chunk costs nothing, small enough for a few of them to stay in the cache.
const CHUNK = 1_048_576

/**
 * The image's bytes, in one pass, in chunks of up to 1 MiB; each chunk is an array of its own. Throws `ROS_ISO_CONTENT`
 * when a content has another length than its size or cannot be read, `ROS_ISO_BOOT` before the first byte when the boot
 * image is unfit.
 */
export async function* writeIso(layout: IsoLayout): AsyncIterable<Uint8Array> {
  await layout.check()
  let chunk = new Uint8Array(Math.min(CHUNK, layout.size))
  let filled = 0
  let position = 0
  const full = function* (): Generator<Uint8Array> {
    if (filled < chunk.length) return
    position += filled
    if (filled > 0) yield chunk
    chunk = new Uint8Array(Math.min(CHUNK, layout.size - position))
    filled = 0
  }
  for (const area of layout.areas) {
    if (position + filled !== area.lba * SECTOR)
      throw new Error(`${area.owner}: starts at byte ${position + filled}, not at sector ${area.lba}`)
    const source = await open(area)
    let done = 0
    if (source.readInto) {
      while (done < area.size) {
        const part = chunk.subarray(filled, filled + Math.min(chunk.length - filled, area.size - done))
        read(area, source, part, done)
        done += part.length
        filled += part.length
        yield* full()
      }
    } else {
      for await (const piece of contentOf(area, source)) {
        for (let taken = 0; taken < piece.length; ) {
          const count = Math.min(chunk.length - filled, piece.length - taken)
          chunk.set(piece.subarray(taken, taken + count), filled)
          taken += count
          filled += count
          yield* full()
        }
      }
    }
    // The rest of the last sector: a chunk is born zeroed, so passing over it writes zeros.
    for (let rest = area.sectorCount * SECTOR - area.size; rest > 0; ) {
      const count = Math.min(chunk.length - filled, rest)
      rest -= count
      filled += count
      yield* full()
    }
  }
  if (position !== layout.size) throw new Error(`image ended at ${position} of ${layout.size} bytes`)
}

async function open(area: IsoArea): Promise<ByteSource> {
  const source = await area.content()
  if (source.size !== area.size) throw lengthError(area, source.size)
  return source
}

function read(area: IsoArea, source: ByteSource, target: Uint8Array, offset: number): void {
  try {
    source.readInto?.(target, offset)
  } catch (cause) {
    throw contentError(area, cause)
  }
}

async function* contentOf(area: IsoArea, source: ByteSource): AsyncIterable<Uint8Array> {
  let size = 0
  try {
    for await (const piece of source.open()) {
      size += piece.length
      if (size > area.size) break
      yield piece
    }
  } catch (cause) {
    throw contentError(area, cause)
  }
  if (size !== area.size) throw lengthError(area, size)
}

function contentError(area: IsoArea, cause: unknown): IsoError {
  const problem = cause instanceof Error ? cause.message : String(cause)
  return new IsoError('ROS_ISO_CONTENT', `content cannot be read: ${problem}`, { subject: area.owner, cause })
}

function lengthError(area: IsoArea, size: number): IsoError {
  return new IsoError('ROS_ISO_CONTENT', 'content has another length than when the image was laid out', {
    subject: area.owner,
    got: `${size} bytes or more`,
    limit: `${area.size} bytes`,
  })
}
