import { u32le } from '@ros/bytes'
import { bits } from './bits.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { corruptError } from './error.ts'

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

/**
 * The bytes of the zstd frame that starts here (RFC 8878 §3.1), as they are: the reader is left right behind it. The
 * frame is only walked: its blocks carry their lengths.
 */
export async function* zstdFrame(reader: ChunkReader): AsyncGenerator<Uint8Array, void> {
  const start = yield* reader.copy(4)
  const magic = u32le.read(start, 0, 'zstd magic')
  if (magic - (magic % 16) === SKIPPABLE) {
    yield* reader.pass(u32le.read(yield* reader.copy(4), 0, 'zstd skippable frame size'))
    return
  }
  if (magic !== MAGIC) throw corruptError('zstd', 'no zstd frame here')

  const [descriptor = 0] = yield* reader.copy(1)
  const singleSegment = bits(descriptor, 5, 1) === 1
  const windowSize = singleSegment ? 0 : 1
  const dictionaryIdSize = [0, 1, 2, 4][bits(descriptor, 0, 2)] ?? 0
  const contentSizeSize = [singleSegment ? 1 : 0, 2, 4, 8][bits(descriptor, 6, 2)] ?? 0
  yield* reader.copy(windowSize + dictionaryIdSize + contentSizeSize)

  for (let last = false; !last; ) {
    const [low = 0, middle = 0, high = 0] = yield* reader.copy(3)
    const header = low + 256 * middle + 65_536 * high
    last = bits(header, 0, 1) === 1
    const type = bits(header, 1, 2)
    if (type === 3) throw corruptError('zstd', 'reserved block type')
    // Type 1 repeats one byte.
    yield* reader.pass(type === 1 ? 1 : bits(header, 3, 21))
  }
  if (bits(descriptor, 2, 1) === 1) yield* reader.copy(4)
}
