import type { Chunks } from './blocks.ts'
import { truncatedError } from './error.ts'

const CHUNK = 65_536

/** Reads a stream of chunks by exact lengths, and counts what was taken. */
export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #format: string
  #rest: Uint8Array = new Uint8Array(0)
  #taken = 0

  /** `format` is what errors name. */
  constructor(chunks: Chunks, format: string) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : asynchronous(chunks)
    this.#format = format
  }

  /** Bytes taken so far, those given back not counted. */
  get taken(): number {
    return this.#taken
  }

  /** The next bytes, at least one and at most `max`, valid until the next call; `undefined` at the end. */
  async take(max: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#rest = next.value
    }
    const part = this.#rest.subarray(0, max)
    this.#rest = this.#rest.subarray(part.length)
    this.#taken += part.length
    return part
  }

  /** Gives back the last `bytes` of what `take` gave last. */
  unread(bytes: Uint8Array): void {
    // They lie before the rest in the same chunk, so one view spans both.
    this.#rest = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length + this.#rest.length)
    this.#taken -= bytes.length
  }

  /**
   * The next bytes without taking them: at least `min` of them but at the end of the stream, and no more than `max`. Valid
   * until the next call of anything but `skip`.
   */
  async peek(min: number, max = min): Promise<Uint8Array> {
    while (this.#rest.length < min) {
      const before = this.#rest.slice()
      const next = await this.#chunks.next()
      if (next.done) {
        this.#rest = before
        break
      }
      if (before.length === 0) this.#rest = next.value
      else {
        this.#rest = new Uint8Array(before.length + next.value.length)
        this.#rest.set(before)
        this.#rest.set(next.value, before.length)
      }
    }
    return this.#rest.subarray(0, max)
  }

  /** Takes `length` bytes of those that `peek` gave last. */
  skip(length: number): void {
    this.#rest = this.#rest.subarray(length)
    this.#taken += length
  }

  /** Exactly `length` bytes, copied; a shorter array only when the stream ends. */
  async upTo(length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length)
    for (let filled = 0; filled < length; ) {
      const part = await this.take(length - filled)
      if (!part) return whole.subarray(0, filled)
      whole.set(part, filled)
      filled += part.length
    }
    return whole
  }

  /** As `upTo`; throws `ROS_COMPRESS_TRUNCATED` when the stream ends first. */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = await this.upTo(length)
    if (bytes.length < length) throw truncatedError(this.#format)
    return bytes
  }

  /** Exactly `length` bytes, yielded and given back: for walkers that pass on what they read. */
  async *copy(length: number): AsyncGenerator<Uint8Array, Uint8Array> {
    const bytes = await this.exactly(length)
    if (length > 0) yield bytes
    return bytes
  }

  /** Exactly `length` bytes in parts, not copied. Throws `ROS_COMPRESS_TRUNCATED` when the stream ends first. */
  async *pass(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0; ) {
      const part = await this.take(left)
      if (!part) throw truncatedError(this.#format)
      left -= part.length
      yield part
    }
  }

  /** All that is left, not copied. */
  async *rest(): AsyncGenerator<Uint8Array, void> {
    for (let part = await this.take(CHUNK); part; part = await this.take(CHUNK)) yield part
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

async function* asynchronous(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks
}
