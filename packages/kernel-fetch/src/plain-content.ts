import { type ByteSource, checkRange, collect } from '@ros/bytes'
import { decompress, type Format } from '@ros/compress'

const MAX_MODULE = 1_073_741_824

/** A compressed module's content in memory, to be looked through once. */
export async function decompressedBytes(stored: ByteSource, format: Format): Promise<Uint8Array> {
  return await collect(decompress(stored.open(), format), MAX_MODULE)
}

/** A compressed file as the file that it was, decompressed for every reading; `size` is what that gives. */
export function decompressedSource(stored: ByteSource, format: Format, size: number): ByteSource {
  return {
    size,
    async *open(offset = 0, length = size - offset) {
      checkRange('decompressed module', size, offset, length)
      let position = 0
      for await (const chunk of decompress(stored.open(), format)) {
        const part = chunk.subarray(Math.max(offset - position, 0), Math.max(offset + length - position, 0))
        position += chunk.length
        if (part.length > 0) yield part
        if (position >= offset + length) return
      }
    },
  }
}
