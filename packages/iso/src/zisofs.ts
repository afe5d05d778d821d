import { type ByteSource, checkRange, collect, raw, record, u8, u16le, u32le } from '@ros/bytes'
import { IsoError } from './error.ts'
import { inflateBlock } from './inflate-block.ts'

/** What ZF says of a file (zisofs, "Rock Ridge ZF"): how long it really is, and blocks of two to this power bytes. */
export interface Zisofs {
  readonly size: number
  readonly blockLog2: number
}

const header = record(
  'zisofs header',
  [
    ['magic', raw(8)],
    ['size', u32le],
    ['headerSize', u8], // in words of 4 bytes
    ['blockLog2', u8],
    ['reserved', u16le],
  ],
  16,
)

const MAGIC = [0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07]

/** Linux takes blocks of 2^15 … 2^17 bytes; those that are there to be read are taken a little wider. */
export const BLOCK_LOG2 = { min: 12, max: 20 } as const

/**
 * The content of a file that is stored compressed, as Linux shows it: blocks are found by a table behind the header and inflated when
 * they are read. Throws `ROS_ISO_FORMAT` then for what is damaged.
 */
export function zisofsSource(stored: ByteSource, { size, blockLog2 }: Zisofs, subject: string): ByteSource {
  const blockSize = 2 ** blockLog2
  const fault = (problem: string, cause?: unknown) =>
    new IsoError('ROS_ISO_FORMAT', `compressed file is damaged: ${problem}`, {
      subject,
      limit: 'zisofs',
      cause,
    })
  const bytes = async (offset: number, length: number) => {
    if (offset + length > stored.size) throw fault('it ends early')
    return collect(stored.open(offset, length), length)
  }
  const inflated = async (from: number, to: number, expected: number) => {
    const packed = await bytes(from, to - from)
    return inflateBlock(packed, expected).catch((cause: unknown) => {
      throw fault('a block', cause)
    })
  }
  let pointers: Promise<{ table: Uint8Array }> | undefined
  const readPointers = async () => {
    const start = await bytes(0, header.size)
    const values = header.decode(start)
    const agrees = values.size === size && values.blockLog2 === blockLog2
    if (!MAGIC.every((byte, index) => byte === values.magic[index]) || !agrees)
      throw fault('its header is another')
    return { table: await bytes(values.headerSize * 4, 4 * (Math.ceil(size / blockSize) + 1)) }
  }
  return {
    size,
    async *open(offset = 0, length = size - offset) {
      checkRange(subject, size, offset, length)
      if (length === 0) return
      pointers ??= readPointers()
      const { table } = await pointers
      const end = offset + length
      for (let position = offset; position < end; ) {
        const index = Math.floor(position / blockSize)
        const [from, to] = [0, 4].map((more) => u32le.read(table, 4 * index + more, subject)) as [
          number,
          number,
        ]
        if (to < from || to - from > 2 * blockSize + 1024) throw fault('its table of blocks')
        const expected = Math.min(blockSize, size - index * blockSize)
        // No bytes stand for a block of zeros.
        const block = from === to ? new Uint8Array(expected) : await inflated(from, to, expected)
        const within = position - index * blockSize
        const count = Math.min(expected - within, end - position)
        yield block.subarray(within, within + count)
        position += count
      }
    },
  }
}
