import { constants, createDeflateRaw } from 'node:zlib'

/** Room for output that an engine has at once. */
const OUTPUT = 131_072

/**
 * A raw deflate engine that compresses one block after the other, each as if nothing but its window stood before it. One engine for
 * many blocks, and its output memory given back by hand: an engine a block, left to the garbage collector, takes a hundred megabytes.
 */
export class DeflateLane {
  readonly #engine
  #parts: Uint8Array<ArrayBuffer>[] = []
  #latest: ArrayBuffer | undefined
  #failed: ((cause: Error) => void) | undefined

  constructor(level: number) {
    this.#engine = createDeflateRaw({ level, chunkSize: OUTPUT })
    this.#engine.on('data', (part: Uint8Array<ArrayBuffer>) => this.#parts.push(part))
    this.#engine.on('error', (cause: Error) => this.#failed?.(cause))
  }

  /**
   * The block's compressed bytes, which end at a border of bytes so that another lane's may follow; `final` ends the stream. They are
   * to be given to `release` when they have been used. `window` is up to 32 KiB that stand before the block: they are compressed too, and what
   * comes of them is thrown away.
   */
  async compress(
    block: Uint8Array,
    window: Uint8Array | undefined,
    final: boolean,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    if (window) this.release(await this.#step(window, false))
    return this.#step(block, final)
  }

  release(parts: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const { buffer } of parts) {
      // The engine has begun another one, and all views of this one have been used.
      if (this.#latest && buffer !== this.#latest && this.#latest.byteLength === OUTPUT)
        this.#latest.transfer(0)
      this.#latest = buffer
    }
  }

  close(): void {
    this.#engine.destroy()
  }

  #step(bytes: Uint8Array, final: boolean): Promise<Uint8Array<ArrayBuffer>[]> {
    return new Promise((resolve, reject) => {
      this.#failed = reject
      const done = () => {
        const parts = this.#parts
        this.#parts = []
        resolve(parts)
      }
      if (final) {
        this.#engine.once('end', done)
        this.#engine.end(bytes)
      } else {
        this.#engine.write(bytes)
        // What it has pushed is given out before the next turn.
        this.#engine.flush(constants.Z_SYNC_FLUSH, () => setImmediate(done))
      }
    })
  }
}
