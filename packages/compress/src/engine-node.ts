// What compresses and decompresses under Node. `#engine` (`imports` in package.json) is this file, or engine-browser.ts.
export { crc32 } from 'node:zlib'
export { DEFLATE_LEVELS, deflateRaw } from './deflate-node.ts'
export { inflateRaw } from './inflate-node.ts'
export { nativeLzma } from './native-lzma-node.ts'
export { unxz } from './unxz-node.ts'
export { unzstd, zstdCompressed } from './zstd-node.ts'
