import type { ByteSource } from '@ros/bytes'
import { formatError, readBytes } from './read-bytes.ts'

const BLOCK = 65_536
/** Blocks kept, 16 MiB: tables that are jumped about in must not be read again for every step. */
const KEPT = 256

/** Small pieces of a source that is not trusted, read in blocks that are kept. */
export class CachedBytes {
  readonly #source: ByteSource
  readonly #blocks = new Map<number, Uint8Array>()

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** Throws `ROS_DISK_FORMAT` outside the source, `ROS_DISK_CONTENT` when it cannot be read. */
  async bytes(offset: number, size: number, subject: string): Promise<Uint8Array> {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + size > this.#source.size)
      throw formatError(
        subject,
        'lies outside the image',
        `byte ${offset}, ${size} bytes of ${this.#source.size}`,
      )
    const index = Math.floor(offset / BLOCK)
    const within = offset - index * BLOCK
    const block = await this.#block(index, subject)
    if (within + size <= block.length) return block.subarray(within, within + size)
    return readBytes(this.#source, offset, size, subject)
  }

  async #block(index: number, subject: string): Promise<Uint8Array> {
    const known = this.#blocks.get(index)
    if (known) return known
    const size = Math.min(BLOCK, this.#source.size - index * BLOCK)
    const block = await readBytes(this.#source, index * BLOCK, size, subject)
    const [oldest] = this.#blocks.keys()
    if (oldest !== undefined && this.#blocks.size >= KEPT) this.#blocks.delete(oldest)
    this.#blocks.set(index, block)
    return block
  }
}
