/** Long enough that a write to a file costs nothing against the copy. */
const SIZE = 1_048_576

/**
 * Output on its way: filled piece by piece, given out in large chunks. With `reuse` a chunk must have been used up when the
 * next but one is asked for.
 */
export class OutputBuffer {
  readonly #size: number
  readonly #reuse: boolean
  /** Filled so far; empty between `take` and the next byte. */
  #buffer: Uint8Array<ArrayBuffer> | undefined
  readonly #spares: Uint8Array<ArrayBuffer>[] = []
  #filled = 0
  #total = 0

  /** `expected` bytes will be put in; `reuse` lets a few buffers take turns. */
  constructor(expected: number, reuse: boolean) {
    this.#size = Math.min(expected, SIZE)
    this.#reuse = reuse
  }

  /** Bytes put in so far, those already taken out counted. */
  get total(): number {
    return this.#total
  }

  /** Bytes that still fit. */
  get room(): number {
    return this.#size - this.#filled
  }

  /** The next `length` bytes, or as many as there is room for, to be filled by the caller. What they hold is undefined. */
  reserve(wanted: number): Uint8Array {
    const length = Math.min(wanted, this.room)
    this.#buffer ??= this.#spares.length < 3 ? new Uint8Array(this.#size) : this.#spares.shift()
    const part = (this.#buffer as Uint8Array).subarray(this.#filled, this.#filled + length)
    this.#filled += length
    this.#total += length
    return part
  }

  /** What is filled, to be given out. */
  take(): Uint8Array {
    const chunk = (this.#buffer ?? new Uint8Array(0)).subarray(0, this.#filled)
    if (this.#buffer && this.#reuse) this.#spares.push(this.#buffer)
    this.#buffer = undefined
    this.#filled = 0
    return chunk
  }

  /** Copies bytes in; yields full chunks on the way. */
  *put(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let done = 0; done < bytes.length; ) {
      if (this.room === 0) yield this.take()
      const part = this.reserve(bytes.length - done)
      part.set(bytes.subarray(done, done + part.length))
      done += part.length
    }
  }

  *zeros(length: number): Generator<Uint8Array, void> {
    for (let left = length; left > 0; ) {
      if (this.room === 0) yield this.take()
      const part = this.reserve(left)
      part.fill(0)
      left -= part.length
    }
  }
}
