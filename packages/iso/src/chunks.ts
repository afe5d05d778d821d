// Large enough that a call per chunk costs nothing, small enough that a few of them stay in the processor's cache.
const CHUNK = 1_048_576

/** Output on its way: filled piece by piece, given out in whole chunks. */
export class Chunks {
  readonly #reuse: boolean
  #current = new Uint8Array(CHUNK)
  #other: Uint8Array<ArrayBuffer> | undefined
  #filled = 0
  #given = 0

  /** With `reuse` two arrays take turns, else each chunk has its own. */
  constructor(reuse: boolean) {
    this.#reuse = reuse
  }

  /** Bytes put in so far. */
  get position(): number {
    return this.#given + this.#filled
  }

  get isFull(): boolean {
    return this.#filled === CHUNK
  }

  /** Up to `length` bytes to be filled by the caller: as many as the chunk has room for. Their content is undefined. */
  reserve(length: number): Uint8Array {
    const start = this.#filled
    this.#filled = Math.min(start + length, CHUNK)
    return this.#current.subarray(start, this.#filled)
  }

  /** The chunk as far as it is filled; a new one is begun. */
  take(): Uint8Array {
    const chunk = this.#current.subarray(0, this.#filled)
    const next = this.#reuse ? this.#other : undefined
    this.#other = this.#current
    this.#current = next ?? new Uint8Array(CHUNK)
    this.#given += this.#filled
    this.#filled = 0
    return chunk
  }
}
