import { crc32, u32le } from '@ros/bytes'
import { bits } from './bits.ts'
import { ChunkReader } from './chunk-reader.ts'
import { corruptError } from './error.ts'
import { unavailable } from './unavailable.ts'
import { unlzma2 } from './unlzma2.ts'
import { xzCheck } from './xz-check.ts'

// The .xz File Format, version 1.2.1.
const HEADER_MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
const FOOTER_MAGIC = [0x59, 0x5a]
/** §5.3.1. */
const LZMA2 = 0x21
/** Of 1.5 GiB, the largest with which anything is written. */
const DICTIONARY_MAX = 37

/** What the index says of a block (§4.3). */
interface BlockRecord {
  readonly unpaddedSize: number
  readonly contentSize: number
}

/** Content of a whole .xz file: any number of streams and padding. Of filters it knows LZMA2 alone, of checks CRC32 and CRC64. */
export async function* unxz(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = new ChunkReader(chunks, 'xz')
  try {
    do yield* stream(reader)
    while (await nextStream(reader))
  } finally {
    await reader.close()
  }
}

/** §2.1. */
async function* stream(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const header = await reader.exactly(12)
  if (HEADER_MAGIC.some((byte, i) => header[i] !== byte)) throw corruptError('xz', 'no xz stream here')
  const flags = header.subarray(6, 8)
  proveCrc(flags, header.subarray(8), 'stream header')
  const checkId = header[7] ?? 0
  if (header[6] !== 0 || checkId > 15) throw corruptError('xz', 'reserved flags are set')

  const records: BlockRecord[] = []
  for (;;) {
    const first = await reader.exactly(1)
    if (first[0] === 0) break
    records.push(yield* block(reader, first, checkId))
  }
  const indexSize = await proveIndex(reader, records)
  const footer = await reader.exactly(12)
  proveCrc(footer.subarray(4, 10), footer.subarray(0, 4), 'stream footer')
  const same = footer[8] === flags[0] && footer[9] === flags[1]
  if (!same || (u32le.read(footer, 4, 'xz footer.backwardSize') + 1) * 4 !== indexSize)
    throw corruptError('xz', 'stream footer is of another stream')
  if (FOOTER_MAGIC.some((byte, i) => footer[10 + i] !== byte))
    throw corruptError('xz', 'stream has no footer')
}

/** §2.2: zeros, in fours. */
async function nextStream(reader: ChunkReader): Promise<boolean> {
  for (;;) {
    const next = await reader.peek(4)
    if (next.length === 0) return false
    if (next.some((byte) => byte !== 0)) return true
    if (next.length < 4) throw corruptError('xz', 'broken padding behind a stream')
    reader.skip(4)
  }
}

/** §3, from the second byte on. */
async function* block(
  reader: ChunkReader,
  first: Uint8Array,
  checkId: number,
): AsyncGenerator<Uint8Array, BlockRecord> {
  const start = reader.taken - 1
  const size = (first[0] ?? 0) * 4
  const header = new Uint8Array(size)
  header.set(first)
  header.set(await reader.exactly(size - 1), 1)
  proveCrc(header, await reader.exactly(4), 'block header')
  const { dictSize, compressedSize, uncompressedSize } = blockHeader(header)

  const check = xzCheck(checkId)
  const dataStart = reader.taken
  let contentSize = 0
  for await (const chunk of unlzma2(reader, dictSize)) {
    check.update(chunk)
    contentSize += chunk.length
    yield chunk
  }
  const dataSize = reader.taken - dataStart
  if ((compressedSize ?? dataSize) !== dataSize || (uncompressedSize ?? contentSize) !== contentSize)
    throw corruptError('xz', 'block has another size')
  await zeroPadding(reader, dataSize)
  const before = reader.taken
  const stored = await reader.exactly(check.size)
  if (check.digest().some((byte, i) => byte !== stored[i])) throw corruptError('xz', 'checksum differs')
  const unpaddedSize = dataStart + dataSize - start + reader.taken - before
  return { unpaddedSize, contentSize }
}

/** §3.1, checksum and what stands before the flags apart. */
function blockHeader(header: Uint8Array) {
  let at = 1
  const byte = () => header[at++] ?? 0
  const number = () => {
    let value = 0
    for (let size = 0; size < 9; size++) {
      const next = byte()
      value += bits(next, 0, 7) * 128 ** size
      if (next < 0x80) return value
    }
    throw corruptError('xz', 'integer in a block header is too long')
  }
  const flags = byte()
  if (bits(flags, 2, 4) !== 0) throw corruptError('xz', 'reserved flags are set')
  const compressedSize = bits(flags, 6, 1) === 1 ? number() : undefined
  const uncompressedSize = bits(flags, 7, 1) === 1 ? number() : undefined
  const filter = number()
  if (bits(flags, 0, 2) !== 0 || filter !== LZMA2)
    throw unavailable('xz with other filters than LZMA2', 'decompressed')
  if (number() !== 1) throw corruptError('xz', 'properties of LZMA2 are broken')
  const dictionary = byte()
  if (dictionary > DICTIONARY_MAX) throw corruptError('xz', 'dictionary is too large')
  if (at > header.length || header.subarray(at).some((rest) => rest !== 0))
    throw corruptError('xz', 'broken padding in a block header')
  // §5.3.1: 4 KiB, 6 KiB, 8 KiB, 12 KiB …
  const dictSize = (2 + (dictionary % 2)) * 2 ** (Math.floor(dictionary / 2) + 11)
  return { compressedSize, uncompressedSize, dictSize }
}

/** §4, from the second byte on; gives its size. */
async function proveIndex(reader: ChunkReader, records: readonly BlockRecord[]): Promise<number> {
  const start = reader.taken - 1
  let crc = crc32(Uint8Array.of(0))
  const bytes = async (count: number) => {
    const read = await reader.exactly(count)
    crc = crc32(read, crc)
    return read
  }
  const number = async () => {
    let value = 0
    for (let size = 0; size < 9; size++) {
      const [next = 0] = await bytes(1)
      value += bits(next, 0, 7) * 128 ** size
      if (next < 0x80) return value
    }
    throw corruptError('xz', 'integer in the index is too long')
  }
  if ((await number()) !== records.length) throw corruptError('xz', 'index has another number of blocks')
  for (const { unpaddedSize, contentSize } of records)
    if ((await number()) !== unpaddedSize || (await number()) !== contentSize)
      throw corruptError('xz', 'index has another size of a block')
  while ((reader.taken - start) % 4 !== 0)
    if ((await bytes(1))[0] !== 0) throw corruptError('xz', 'broken padding')
  if (u32le.read(await reader.exactly(4), 0, 'xz index.crc32') !== crc)
    throw corruptError('xz', 'checksum of the index differs')
  return reader.taken - start
}

async function zeroPadding(reader: ChunkReader, size: number): Promise<void> {
  const padding = await reader.exactly((4 - (size % 4)) % 4)
  if (padding.some((byte) => byte !== 0)) throw corruptError('xz', 'broken padding')
}

function proveCrc(bytes: Uint8Array, stored: Uint8Array, where: string): void {
  if (u32le.read(stored, 0, 'xz crc32') !== crc32(bytes))
    throw corruptError('xz', `checksum of the ${where} differs`)
}
