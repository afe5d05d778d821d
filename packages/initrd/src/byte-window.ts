import { type ByteSource, collect, shortError } from '@ros/bytes'

const SIZE = 65_536

/** Small reads anywhere in a source, mostly forwards, without one opening for each. */
export class ByteWindow {
  readonly #source: ByteSource
  #start = 0
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** Bytes from `offset`, `length` of them or as many as there are. Valid until the next call. */
  async bytes(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.#source.size)
    if (offset >= end) return new Uint8Array(0)
    if (offset < this.#start || end > this.#start + this.#bytes.length) {
      const size = Math.min(Math.max(SIZE, length), this.#source.size - offset)
      this.#bytes = await read(this.#source, offset, size)
      this.#start = offset
    }
    return this.#bytes.subarray(offset - this.#start, end - this.#start)
  }

  /** Offset of the first byte from `offset` on that is not zero; the size of the source when there is none. */
  async skipZeros(offset: number): Promise<number> {
    for (let position = offset; position < this.#source.size; position += SIZE) {
      const found = (await this.bytes(position, SIZE)).findIndex((byte) => byte !== 0)
      if (found >= 0) return position + found
    }
    return this.#source.size
  }
}

async function read(source: ByteSource, offset: number, size: number): Promise<Uint8Array> {
  if (source.readInto) {
    const bytes = new Uint8Array(size)
    source.readInto(bytes, offset)
    return bytes
  }
  const bytes = await collect(source.open(offset, size), size)
  if (bytes.length < size) throw shortError('source', size, bytes.length)
  return bytes
}
