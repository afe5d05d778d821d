// What compresses and decompresses in a browser: the same names as in engine-node.ts, and nothing of Node's.
import { CompressError } from './error.ts'

export { crc32 } from '@ros/bytes'
export { DEFLATE_LEVELS, deflateRaw } from './deflate-browser.ts'
export { inflateRaw } from './inflate-browser.ts'

/** Throws: the library for xz and lzma is a native one. */
export async function nativeLzma(): Promise<typeof import('@napi-rs/lzma')> {
  throw unavailable('xz and lzma', 'compressed')
}

/** Throws: browsers have no decoder for xz. */
export function unxz(_chunks: AsyncIterable<Uint8Array>): never {
  throw unavailable('xz', 'decompressed')
}

/** Throws: browsers have no encoder for zstd. */
export function zstdCompressed(_blocks: AsyncIterable<Uint8Array>, _level: number): never {
  throw unavailable('zstd', 'compressed')
}

/** Throws: few browsers have a decoder for zstd. */
export function unzstd(_frame: AsyncIterable<Uint8Array>): never {
  throw unavailable('zstd', 'decompressed')
}

function unavailable(format: string, verb: 'compressed' | 'decompressed'): CompressError {
  return new CompressError('ROS_COMPRESS_UNAVAILABLE', `this format is not ${verb} in a browser`, {
    subject: format,
    limit: verb === 'compressed' ? 'gzip and lz4' : 'gzip, lzma and lz4',
    hint: verb === 'compressed' ? 'use gzip, lz4 or no compression' : 'do it under Node',
  })
}
