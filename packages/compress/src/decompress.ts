import { unxz, unzstd } from '#engine'
import type { Chunks } from './blocks.ts'
import { ChunkReader } from './chunk-reader.ts'
import { CompressError } from './error.ts'
import type { Format } from './format.ts'
import { gunzipMember } from './gunzip.ts'
import { unlz4 } from './lz4.ts'
import { unlzma } from './unlzma.ts'
import { xzStream } from './xz-stream.ts'
import { zstdFrame } from './zstd-frame.ts'

const STEP = 65_536

/**
 * The content of compressed bytes, as it is decoded: gzip, lzma and lz4 (all members; zeros between and after them are
 * ignored), zstd (all frames), xz (all streams). What ends early throws `ROS_COMPRESS_TRUNCATED`, what is damaged
 * `ROS_COMPRESS_CORRUPT`, bzip2 and lz4's frame format `ROS_COMPRESS_FORMAT`, zstd in a browser `ROS_COMPRESS_UNAVAILABLE`; an error of the input itself comes through
 * unchanged. Chunks given out before an error are not proven.
 */
export async function* decompress(chunks: Chunks, format: Format): AsyncGenerator<Uint8Array, void> {
  const reader = new ChunkReader(chunks, format)
  try {
    // The decoder knows how xz streams follow one another.
    if (format === 'xz') return yield* unxz(reader.rest())
    do yield* member(reader, format)
    while (await (format === 'zstd' ? hasMore(reader) : nextMember(reader)))
  } finally {
    await reader.close()
  }
}

/**
 * As `decompress`, but of the first member, frame or stream only, as a kernel unpacks one segment of an initramfs; what
 * follows is not looked at. The generator's return value is the number of compressed bytes that it took.
 */
export async function* decompressMember(chunks: Chunks, format: Format): AsyncGenerator<Uint8Array, number> {
  const reader = new ChunkReader(chunks, format)
  try {
    yield* member(reader, format)
    return reader.taken
  } finally {
    await reader.close()
  }
}

async function* member(reader: ChunkReader, format: Format): AsyncGenerator<Uint8Array, void> {
  switch (format) {
    case 'gzip':
      return yield* gunzipMember(reader)
    case 'zstd':
      return yield* unzstd(zstdFrame(reader))
    case 'xz':
      return yield* unxz(xzStream(reader))
    case 'lzma':
      return yield* unlzma(reader)
    case 'lz4':
      return yield* unlz4(reader)
    case 'bzip2':
      throw new CompressError('ROS_COMPRESS_FORMAT', 'this format is not decompressed here', {
        subject: format,
        limit: 'gzip, zstd, xz, lzma, lz4 legacy',
      })
    default:
      throw new CompressError('ROS_COMPRESS_FORMAT', 'no such format', { subject: String(format) })
  }
}

async function hasMore(reader: ChunkReader): Promise<boolean> {
  return (await reader.peek(1)).length > 0
}

/** Goes to the next member. False at the end of the stream, before which zeros may stand. */
async function nextMember(reader: ChunkReader): Promise<boolean> {
  for (;;) {
    const chunk = await reader.peek(1, STEP)
    if (chunk.length === 0) return false
    const start = chunk.findIndex((byte) => byte !== 0)
    reader.skip(start < 0 ? chunk.length : start)
    if (start >= 0) return true
  }
}
