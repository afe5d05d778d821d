/** The formats that `detectFormat` tells apart; `decompress` reads all but bzip2. */
export type Format = 'gzip' | 'zstd' | 'xz' | 'lzma' | 'lz4' | 'bzip2'

/** Enough bytes for `detectFormat` to decide. */
export const MAGIC_SIZE = 6

// lz4 stands twice: frame format, and the legacy format, the only one that Linux unpacks.
const magics: readonly (readonly [Format, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['lzma', [0x5d, 0x00, 0x00]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['bzip2', [0x42, 0x5a, 0x68]],
]

/** The format that these first bytes announce, `undefined` when none is known. Fewer bytes than a magic are no match. */
export function detectFormat(firstBytes: Uint8Array): Format | undefined {
  return magics.find(([, magic]) => magic.every((byte, i) => firstBytes[i] === byte))?.[0]
}
