import { type ByteSource, collect } from '@ros/bytes'
import { IsoError } from './error.ts'
import { SECTOR } from './sector.ts'

/** An image that lint reads: what is outside it is simply not there, and no byte of metadata is read too often. */
export class LintImage {
  readonly source: ByteSource
  /** Sectors that the volume claims; what it does not have the file may have. */
  volumeSectors = 0
  #allowance: number

  constructor(source: ByteSource) {
    this.source = source
    this.#allowance = 4 * Math.max(source.size, 64 * SECTOR)
  }

  /** Bytes from `offset` on; undefined when they are not all there. Throws `ROS_ISO_LIMIT`, `ROS_ISO_CONTENT`. */
  async bytes(offset: number, length: number): Promise<Uint8Array | undefined> {
    if (offset + length > this.source.size) return undefined
    this.#allowance -= length
    if (this.#allowance < 0) {
      throw new IsoError('ROS_ISO_LIMIT', 'metadata is larger than the image that holds it', {
        subject: `byte ${offset}`,
        limit: `${this.source.size} bytes`,
      })
    }
    try {
      return await collect(this.source.open(offset, length), length)
    } catch (cause) {
      throw new IsoError('ROS_ISO_CONTENT', 'image cannot be read', { subject: `byte ${offset}`, cause })
    }
  }

  /** Whether an extent lies in the file, and in the volume where that is known. */
  holds(lba: number, size: number): boolean {
    const inVolume = this.volumeSectors === 0 || lba * SECTOR + size <= this.volumeSectors * SECTOR
    return inVolume && lba * SECTOR + size <= this.source.size
  }
}
