// What compresses and decompresses in a browser: the same names as in engine-node.ts, and nothing of Node's.
import { unavailable } from './unavailable.ts'

export { crc32 } from '@ros/bytes'
export { DEFLATE_LEVELS, deflateRaw } from './deflate-browser.ts'
export { inflateRaw } from './inflate-browser.ts'
export { unxz } from './unxz-browser.ts'

/** Throws: the library for xz and lzma is a native one. */
export async function nativeLzma(): Promise<typeof import('@napi-rs/lzma')> {
  throw unavailable('xz and lzma', 'compressed')
}

/** Throws: browsers have no encoder for zstd. */
export function zstdCompressed(_blocks: AsyncIterable<Uint8Array>, _level: number): never {
  throw unavailable('zstd', 'compressed')
}

/** Throws: few browsers have a decoder for zstd. */
export function unzstd(_frame: AsyncIterable<Uint8Array>): never {
  throw unavailable('zstd', 'decompressed')
}
