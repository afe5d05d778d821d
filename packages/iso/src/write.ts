import { type ByteSource, OutputBuffer } from '@ros/bytes'
import type { IsoArea } from './area.ts'
import { IsoError } from './error.ts'
import type { IsoLayout } from './layout.ts'
import { SECTOR } from './sector.ts'

/** How chunks are handed out. */
export interface WriteIsoOptions {
  /**
   * Chunks are views of two arrays that take turns: one must have been used up when the next but one is asked for, as
   * `replaceFile` does, and code that collects chunks does not. Saves memory and a good part of the time. Default: each
   * chunk has an array of its own.
   */
  readonly reuseBuffers?: boolean
}

/**
 * The image's bytes, in one pass, in chunks of 1 MiB but for the last. Throws `ROS_ISO_CONTENT` when a content has another
 * length than its size or cannot be read, and `ROS_ISO_BOOT`, before the first byte, when the boot image is unfit.
 */
export async function* writeIso(
  layout: IsoLayout,
  options: WriteIsoOptions = {},
): AsyncGenerator<Uint8Array, void> {
  await layout.check()
  const output = new OutputBuffer(layout.size, options.reuseBuffers ?? false)
  for (const area of layout.areas) {
    if (output.total !== area.lba * SECTOR)
      throw new Error(`${area.owner}: at byte ${output.total}, not at sector ${area.lba}`)
    const source = await area.content()
    if (source.size !== area.size) throw lengthError(area, source.size)
    if (source.readInto) yield* readContent(output, area, source)
    else yield* copyContent(output, area, source)
    yield* output.zeros(area.sectorCount * SECTOR - area.size)
  }
  if (output.total !== layout.size) throw new Error(`ended at ${output.total} of ${layout.size} bytes`)
  const last = output.take()
  if (last.length > 0) yield last
}

/** Fast path: the source reads straight into the chunk. */
function* readContent(output: OutputBuffer, area: IsoArea, source: ByteSource): Generator<Uint8Array, void> {
  for (let done = 0; done < area.size; ) {
    if (output.room === 0) yield output.take()
    const part = output.reserve(area.size - done)
    try {
      source.readInto?.(part, done)
    } catch (cause) {
      throw readError(area, cause)
    }
    done += part.length
  }
}

async function* copyContent(
  output: OutputBuffer,
  area: IsoArea,
  source: ByteSource,
): AsyncGenerator<Uint8Array, void> {
  let size = 0
  for await (const piece of opened(area, source)) {
    size += piece.length
    if (size > area.size) throw lengthError(area, size)
    yield* output.put(piece)
  }
  if (size !== area.size) throw lengthError(area, size)
}

async function* opened(area: IsoArea, source: ByteSource): AsyncGenerator<Uint8Array, void> {
  try {
    yield* source.open()
  } catch (cause) {
    throw readError(area, cause)
  }
}

function readError({ owner }: IsoArea, cause: unknown): IsoError {
  const problem = cause instanceof Error ? cause.message : String(cause)
  return new IsoError('ROS_ISO_CONTENT', `content cannot be read: ${problem}`, { subject: owner, cause })
}

function lengthError({ owner, size }: IsoArea, got: number): IsoError {
  return new IsoError('ROS_ISO_CONTENT', 'content has another length than when the image was laid out', {
    subject: owner,
    got: `${got} bytes`,
    limit: `${size} bytes`,
  })
}
