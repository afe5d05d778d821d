import { type ByteSource, u16le, u32le } from '@ros/bytes'
import { DiskError } from './error.ts'
import { fatLimits } from './fat-geometry.ts'
import type { Chain } from './fat-table.ts'
import { formatError, readBytes } from './read-bytes.ts'
import type { FatVolume } from './read-fat-boot.ts'

const FIRST = 2
// Divisible by 3 and 4: no entry of any type crosses a block, but FAT12's are read two bytes at a time.
const BLOCK = 49_152
/** Blocks kept: chains that jump about in the table must not have it read again for every step. */
const KEPT_BLOCKS = 256

/** Follows cluster chains. All chains together may not be longer than the volume, as they are where files cross. */
export class ClusterChains {
  readonly #source: ByteSource
  readonly #volume: FatVolume
  #left: number
  readonly #blocks = new Map<number, Uint8Array>()

  constructor(source: ByteSource, volume: FatVolume) {
    this.#source = source
    this.#volume = volume
    this.#left = volume.clusterCount
  }

  /**
   * The clusters from `start` on, neighbours joined: `count` of them, or to the chain's end where no count is given. Throws
   * `ROS_DISK_FORMAT` for a chain that ends early, leaves the volume or meets a free cluster, `ROS_DISK_LIMIT` for one that never ends.
   */
  async follow(subject: string, start: number, count = Number.POSITIVE_INFINITY): Promise<Chain[]> {
    const runs: { start: number; count: number }[] = []
    let cluster = start
    for (let length = 0; length < count; length++) {
      if (this.#isEnd(cluster) && length > 0) {
        if (count === Number.POSITIVE_INFINITY) break
        throw formatError(subject, 'cluster chain is shorter than the file', `${length} of ${count} clusters`)
      }
      if (cluster < FIRST || cluster >= FIRST + this.#volume.clusterCount)
        throw formatError(subject, 'cluster chain leaves the volume', `cluster ${cluster}`)
      if (--this.#left < 0) {
        throw new DiskError('ROS_DISK_LIMIT', 'cluster chains cross or never end', {
          subject,
          limit: `${this.#volume.clusterCount} clusters in the volume`,
        })
      }
      const last = runs.at(-1)
      if (last && last.start + last.count === cluster) last.count++
      else runs.push({ start: cluster, count: 1 })
      if (length + 1 < count) cluster = await this.#next(cluster)
    }
    return runs
  }

  /** From 0x…F8 on an entry ends its chain; 0x…F7 marks a bad cluster, which no chain may hold. */
  #isEnd(cluster: number): boolean {
    const bits = Math.min(fatLimits[this.#volume.type].bits, 28)
    return cluster >= 2 ** bits - 8
  }

  async #next(cluster: number): Promise<number> {
    const { bits } = fatLimits[this.#volume.type]
    const position = Math.floor((cluster * bits) / 8)
    const bytes = await this.#bytes(position)
    if (bits === 32) return u32le.read(bytes, 0, 'FAT entry') % 0x1000_0000 // the high bits are reserved
    const value = u16le.read(bytes, 0, 'FAT entry')
    if (bits === 16) return value
    return cluster % 2 === 0 ? value % 0x1000 : Math.floor(value / 16)
  }

  async #bytes(position: number): Promise<Uint8Array> {
    const index = Math.floor(position / BLOCK)
    return (await this.#blockAt(index)).subarray(position - index * BLOCK)
  }

  async #blockAt(index: number): Promise<Uint8Array> {
    const known = this.#blocks.get(index)
    if (known) return known
    const offset = this.#volume.fatOffset + index * BLOCK
    const size = Math.min(BLOCK, this.#source.size - offset)
    const block = await readBytes(this.#source, offset, size, 'file allocation table')
    const [oldest] = this.#blocks.keys()
    if (oldest !== undefined && this.#blocks.size >= KEPT_BLOCKS) this.#blocks.delete(oldest)
    this.#blocks.set(index, block)
    return block
  }
}
