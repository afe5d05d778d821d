import { createZstdDecompress } from 'node:zlib'
import type { Chunks } from './blocks.ts'
import { ChunkReader } from './chunk-reader.ts'
import { runEngine } from './engine.ts'
import { CompressError } from './error.ts'
import type { Format } from './format.ts'
import { gunzipMember, nextGzipMember } from './gunzip.ts'
import { unlzma } from './lzma.ts'
import { xzStream } from './xz-stream.ts'
import { zstdFrame } from './zstd-frame.ts'

/**
 * The content of compressed bytes, as it is decoded: gzip (all members; zeros after the last are ignored), zstd (all
 * frames), xz (all streams), lzma (one, anything after it is not noticed). What ends early throws
 * `ROS_COMPRESS_TRUNCATED`, what is damaged `ROS_COMPRESS_CORRUPT`, lz4 and bzip2 `ROS_COMPRESS_FORMAT`; an error of
 * the input itself comes through unchanged. Chunks given out before an error are not proven.
 */
export async function* decompress(chunks: Chunks, format: Format): AsyncGenerator<Uint8Array, void> {
  const reader = new ChunkReader(chunks, format)
  try {
    // The decoder knows how xz streams follow one another.
    if (format === 'xz') return yield* unlzma(reader.rest(), format)
    do yield* member(reader, format)
    while (await (format === 'gzip' ? nextGzipMember(reader) : hasMore(reader)))
  } finally {
    await reader.close()
  }
}

/**
 * As `decompress`, but of the first gzip member, zstd frame or xz stream only, as a kernel unpacks one segment of an
 * initramfs; what follows is not looked at. The generator's return value is the number of compressed bytes that it
 * took. An lzma stream does not tell where it ends and takes all there is.
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
      return yield* runEngine(createZstdDecompress({ chunkSize: 131_072 }), 'zstd', zstdFrame(reader))
    case 'xz':
      return yield* unlzma(xzStream(reader), format)
    case 'lzma':
      return yield* unlzma(reader.rest(), format)
    case 'lz4':
    case 'bzip2':
      throw new CompressError('ROS_COMPRESS_FORMAT', 'this format is not decompressed here', {
        subject: format,
        limit: 'gzip, zstd, xz, lzma',
      })
    default:
      throw new CompressError('ROS_COMPRESS_FORMAT', 'no such format', { subject: String(format) })
  }
}

async function hasMore(reader: ChunkReader): Promise<boolean> {
  const next = await reader.take(1)
  if (next) reader.unread(next)
  return next !== undefined
}
