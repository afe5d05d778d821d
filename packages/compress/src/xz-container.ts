import { crc32, u32le } from '@ros/bytes'

// The .xz File Format, version 1.2.1.

/** §2.1.1.2: no reserved bits, Check type CRC32. */
const STREAM_FLAGS = [0, 1]

/** Stream header, §2.1.1. */
export function xzHeader(): Uint8Array {
  return Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, ...STREAM_FLAGS, ...crc(STREAM_FLAGS))
}

/** Block header, §3.1: one filter, LZMA2 (§5.3.1), and no sizes. `dictSize` is a power of two, at least 4 KiB. */
export function xzBlockHeader(dictSize: number): Uint8Array {
  const dictionary = 2 * (Math.log2(dictSize) - 12)
  if (!Number.isInteger(dictionary)) throw new Error(`dictionary of ${dictSize} bytes is no power of two`)
  // Its own size in words of 4 bytes less one, flags, filter id, size of properties, properties, padding.
  const fields = [2, 0, 0x21, 1, dictionary, 0, 0, 0]
  return Uint8Array.of(...fields, ...crc(fields))
}

/** Zeros that follow `size` bytes of a block, §3.3. */
export function xzPadding(size: number): Uint8Array {
  return new Uint8Array((4 - (size % 4)) % 4)
}

/** Index, §4. */
export function xzIndex(
  records: readonly { readonly unpaddedSize: number; readonly contentSize: number }[],
): Uint8Array {
  const fields = [0, ...multibyte(records.length)]
  for (const { unpaddedSize, contentSize } of records)
    fields.push(...multibyte(unpaddedSize), ...multibyte(contentSize))
  fields.push(...xzPadding(fields.length))
  return Uint8Array.from([...fields, ...crc(fields)])
}

/** Stream footer, §2.1.2. */
export function xzFooter(indexSize: number): Uint8Array {
  const backwardSize = new Uint8Array(4)
  u32le.write(backwardSize, 0, indexSize / 4 - 1, 'xz footer.backwardSize')
  const fields = [...backwardSize, ...STREAM_FLAGS]
  return Uint8Array.of(...crc(fields), ...fields, 0x59, 0x5a)
}

function crc(bytes: readonly number[]): Uint8Array {
  const field = new Uint8Array(4)
  u32le.write(field, 0, crc32(Uint8Array.from(bytes)), 'xz crc32')
  return field
}

/** §1.2: seven bits a byte, the lowest first. */
function multibyte(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  return [...bytes, rest]
}
