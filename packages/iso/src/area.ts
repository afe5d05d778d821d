import { type ByteSource, fromBytes } from '@ros/bytes'
import { IsoError } from './error.ts'
import { SECTOR, sectorsFor } from './sector.ts'

/** A run of sectors and what owns it. */
export interface IsoArea {
  /** `primary volume descriptor`, `directory /boot`, `file /boot/initrd` … */
  readonly owner: string
  readonly lba: number
  readonly sectorCount: number
  /** Bytes in use; the rest of the last sector is zero. */
  readonly size: number
  /** The bytes, made when they are asked for: metadata is encoded, a boot image patched. */
  content(): ByteSource | Promise<ByteSource>
}

// Sector numbers have 32 bits everywhere in the format.
const MAX_SECTORS = 0xffff_ffff

/** Gives out sectors one after the other. */
export class Allocator {
  readonly areas: IsoArea[] = []
  #next = 0

  get next(): number {
    return this.#next
  }

  /** Places `size` bytes at the next sector. Throws `ROS_ISO_LIMIT` when sector numbers run out. */
  place(owner: string, size: number, content: IsoArea['content']): number {
    const lba = this.#next
    const sectorCount = sectorsFor(size)
    if (lba + sectorCount > MAX_SECTORS) {
      throw new IsoError('ROS_ISO_LIMIT', 'image has more sectors than can be numbered', {
        subject: owner,
        got: `${lba + sectorCount} sectors`,
        limit: `${MAX_SECTORS} sectors of ${SECTOR} bytes`,
      })
    }
    if (sectorCount > 0) this.areas.push({ owner, lba, sectorCount, size, content })
    this.#next += sectorCount
    return lba
  }

  /** As `place` for what is encoded here; that the encoding has the size it was given is checked. */
  placeBytes(owner: string, size: number, encode: () => Uint8Array): number {
    return this.place(owner, size, () => {
      const bytes = encode()
      if (bytes.length !== size) throw new Error(`${owner}: encoded ${bytes.length} bytes, planned ${size}`)
      return fromBytes(bytes)
    })
  }
}
