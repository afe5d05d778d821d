import { type ByteSource, collect } from '@ros/bytes'
import type { Extent } from './directory-record.ts'
import { IsoError } from './error.ts'
import { SECTOR } from './sector.ts'

// What has more is no damaged image but none.
const MAX_PROBLEMS = 10_000

/**
 * Bounded reading of an image: nothing outside it is asked for, and all metadata together may not be larger than the
 * image, as it is when directories overlap to multiply themselves.
 */
export class ImageBytes {
  readonly source: ByteSource
  readonly #problems: IsoError[] | undefined
  #allowance: number
  #cachedLba = -1
  #cached: Uint8Array = new Uint8Array()

  /** With `problems`, what can be gone around is put there and not thrown. */
  constructor(source: ByteSource, problems?: IsoError[]) {
    this.source = source
    this.#problems = problems
    this.#allowance = Math.max(source.size, 64 * SECTOR)
  }

  /** Throws `ROS_ISO_EXTENT` unless `size` bytes from sector `lba` on lie inside the image. */
  check(subject: string, lba: number, size: number): void {
    if (lba * SECTOR + size <= this.source.size) return
    throw new IsoError('ROS_ISO_EXTENT', 'extent lies outside the image', {
      subject,
      got: `sector ${lba}, ${size} bytes`,
      limit: `image of ${this.source.size} bytes`,
      hint: 'the image is cut or damaged',
    })
  }

  /** The part of a file's extent that lies inside the image: all of it, unless problems are gone around. */
  within(subject: string, extent: Extent): Extent {
    const { lba, size } = extent
    try {
      this.check(subject, lba, size)
      return extent
    } catch (error) {
      this.tolerate(error)
      return { lba, size: Math.max(0, Math.min(size, this.source.size - lba * SECTOR)) }
    }
  }

  /** Notes a problem of the image, or throws it on: always when it is a bound of the reader or none of ours. */
  tolerate(error: unknown): void {
    const damage = error instanceof IsoError && !['ROS_ISO_LIMIT', 'ROS_ISO_CONTENT'].includes(error.code)
    if (!damage || !this.#problems || this.#problems.length >= MAX_PROBLEMS) throw error
    this.#problems.push(error)
  }

  /** Metadata of `size` bytes at sector `lba`. */
  async read(subject: string, lba: number, size: number): Promise<Uint8Array> {
    this.check(subject, lba, size)
    this.#allowance -= size
    if (this.#allowance < 0) {
      throw new IsoError('ROS_ISO_LIMIT', 'directories are larger than the image that holds them', {
        subject,
        limit: `${this.source.size} bytes`,
      })
    }
    return this.#bytes(lba * SECTOR, size)
  }

  /** One sector. The last one is remembered: neighbours in a directory have their continuations side by side. */
  async sector(subject: string, lba: number): Promise<Uint8Array> {
    if (lba !== this.#cachedLba) {
      this.#cached = await this.read(subject, lba, SECTOR)
      this.#cachedLba = lba
    }
    return this.#cached
  }

  async #bytes(offset: number, size: number): Promise<Uint8Array> {
    try {
      if (!this.source.readInto) return await collect(this.source.open(offset, size), size)
      const bytes = new Uint8Array(size)
      this.source.readInto(bytes, offset)
      return bytes
    } catch (cause) {
      throw new IsoError('ROS_ISO_CONTENT', 'image cannot be read', {
        subject: `byte ${offset}`,
        cause,
        ...(cause instanceof Error && { got: cause.message }),
      })
    }
  }
}
