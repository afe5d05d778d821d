import { rmSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ByteSource, concat, fromBytes } from '@ros/bytes'
import { fileSource, writeChunks } from '@ros/bytes/node'
import { CliError } from '../error.ts'

const IN_MEMORY = 8 * 1024 ** 2

/**
 * Where decompressed content goes so that it can be read anywhere: into memory while it is small, else into files of a
 * temporary folder. The folder is made when it is needed and gone when the process ends, however it ends.
 */
export class Spool {
  readonly signal: AbortSignal
  /** Damaged ISOs are read as far as they can be; `problems` then says what was gone around. */
  readonly lenient: boolean
  readonly problems: string[] = []
  readonly #limit: number
  #used = 0
  #count = 0
  #folder: string | undefined
  readonly #atExit = () => {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  /** `limit`: bytes that all that is stored may have together. */
  constructor(limit: number, signal: AbortSignal, lenient = false) {
    this.#limit = limit
    this.signal = signal
    this.lenient = lenient
  }

  /** Reads the chunks to their end. Throws `ROS_CLI_LIMIT`, `ROS_BYTES_WRITE`, and the signal's reason. */
  async store(chunks: AsyncIterable<Uint8Array>, subject: string): Promise<ByteSource> {
    const counted = this.#counted(chunks, subject)[Symbol.asyncIterator]()
    const parts: ByteSource[] = []
    let size = 0
    try {
      while (size <= IN_MEMORY) {
        const next = await counted.next()
        if (next.done) return concat(parts)
        // The decoder may use its buffer again.
        parts.push(fromBytes(next.value.slice()))
        size += next.value.length
      }
      return await this.#toFile(concat(parts), { [Symbol.asyncIterator]: () => counted }, subject)
    } finally {
      await counted.return?.()
    }
  }

  async close(): Promise<void> {
    process.off('exit', this.#atExit)
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  async #toFile(head: ByteSource, rest: AsyncIterable<Uint8Array>, subject: string): Promise<ByteSource> {
    if (this.#folder === undefined) {
      process.on('exit', this.#atExit)
      this.#folder = await mkdtemp(join(tmpdir(), 'rancheros-kit-'))
    }
    this.#count++
    const path = join(this.#folder, String(this.#count))
    const handle = await open(path, 'wx', 0o600)
    try {
      await writeChunks(handle, head.open(), subject)
      await writeChunks(handle, rest, subject)
    } finally {
      await handle.close()
    }
    return fileSource(path)
  }

  async *#counted(chunks: AsyncIterable<Uint8Array>, subject: string): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      this.signal.throwIfAborted()
      this.#used += chunk.length
      if (this.#used > this.#limit) {
        throw new CliError('ROS_CLI_LIMIT', 'decompressed content is larger than allowed', {
          subject,
          got: `${this.#used} bytes or more`,
          limit: `${this.#limit} bytes in all`,
          hint: 'allow more with --limit MEGABYTES',
        })
      }
      yield chunk
    }
  }
}
