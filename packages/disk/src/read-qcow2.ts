import { inflateRawSync } from 'node:zlib'
import { type ByteSource, checkRange, collect, u32be, u64be } from '@ros/bytes'
import { decompressMember } from '@ros/compress'
import { CachedBytes } from './cached-bytes.ts'
import { DiskError } from './error.ts'
import { QCOW2_MAGIC, QCOW2_V2_SIZE, qcow2Header } from './qcow2-header.ts'
import { formatError, readBytes } from './read-bytes.ts'

/** A qcow2 image, read. */
export interface Qcow2Image {
  readonly version: number
  /** Bytes. */
  readonly clusterSize: number
  /** What a machine sees: the whole disk, with zeros where nothing is allocated. */
  readonly content: ByteSource
}

interface Geometry {
  readonly size: number
  readonly clusterSize: number
  readonly clusterBits: number
  readonly level1Offset: number
  readonly zstd: boolean
}

const ENTRY = u64be.size
const MAX_LEVEL1 = 32 * 1024 ** 2

/** Incompatible features (QEMU, docs/interop/qcow2.txt): bits of the last byte that a reader has to know. */
const FEATURES = { dirty: 1, corrupt: 2, externalData: 4, compressionType: 8, extendedLevel2: 16 } as const

/**
 * The disk inside a qcow2 image of version 2 or 3: clusters are found through both tables, compressed ones are decompressed when they are
 * read. Throws `ROS_DISK_FORMAT` for what is none, and for encryption, backing and external files and extended entries, which are not
 * read; `ROS_DISK_CONTENT` when the source cannot be read.
 */
export async function readQcow2(source: ByteSource): Promise<Qcow2Image> {
  const subject = 'qcow2 header'
  const head = new Uint8Array(qcow2Header.size + 8)
  head.set(await readBytes(source, 0, Math.min(head.length, source.size), subject))
  const version = u32be.read(head, 4, subject)
  if (u32be.read(head, 0, subject) !== QCOW2_MAGIC || source.size < QCOW2_V2_SIZE)
    throw formatError(subject, 'not a qcow2 image')
  if (version !== 2 && version !== 3) throw formatError(subject, 'unknown version', String(version))
  // Version 2 ends where the features begin.
  if (version === 2) head.fill(0, QCOW2_V2_SIZE)
  const header = decoded(head)
  checkFeatures(header)
  const { clusterBits, size, level1Size, level1TableOffset } = header
  if (clusterBits < 9 || clusterBits > 21)
    throw formatError(subject, 'cluster size out of range', `2^${clusterBits}`)
  const clusterSize = 2 ** clusterBits
  const needed = Math.ceil(size / ((clusterSize / ENTRY) * clusterSize))
  if (level1Size < needed || level1Size * ENTRY > MAX_LEVEL1)
    throw formatError(
      subject,
      'level 1 table does not fit the disk',
      `${level1Size} entries, ${needed} needed`,
    )
  const zstd = head[qcow2Header.size] === 1
  const geometry = { size, clusterSize, clusterBits, level1Offset: level1TableOffset, zstd }
  return { version, clusterSize, content: new Qcow2Content(source, geometry) }
}

function decoded(head: Uint8Array) {
  try {
    return qcow2Header.decode(head)
  } catch (cause) {
    throw new DiskError('ROS_DISK_FORMAT', 'number in the header is too large', {
      subject: 'qcow2 header',
      cause,
    })
  }
}

function checkFeatures({
  incompatibleFeatures,
  cryptMethod,
  backingFileOffset,
}: ReturnType<typeof decoded>): void {
  const bits = incompatibleFeatures[7] ?? 0
  const has = (bit: number) => Math.floor(bits / bit) % 2 === 1
  const unread = [
    [cryptMethod !== 0, 'encryption'],
    [backingFileOffset !== 0, 'backing file'],
    [has(FEATURES.externalData), 'external data file'],
    [has(FEATURES.extendedLevel2), 'extended level 2 entries'],
    [bits >= 32 || incompatibleFeatures.subarray(0, 7).some((byte) => byte !== 0), 'unknown features'],
  ] as const
  for (const [present, what] of unread)
    if (present) throw formatError('qcow2 header', 'image has what is not read here', what)
}

/** Where a cluster of the disk is: zeros, a place in the file, or compressed bytes. */
type Cluster = { readonly at: number } | { readonly packed: number; readonly length: number } | undefined

class Qcow2Content implements ByteSource {
  readonly size: number
  readonly #source: ByteSource
  readonly #geometry: Geometry
  readonly #tables: CachedBytes
  #unpacked: { readonly at: number; readonly bytes: Uint8Array } | undefined

  constructor(source: ByteSource, geometry: Geometry) {
    this.size = geometry.size
    this.#source = source
    this.#geometry = geometry
    this.#tables = new CachedBytes(source)
  }

  async *open(offset = 0, length = this.size - offset): AsyncGenerator<Uint8Array, void> {
    checkRange('qcow2 image', this.size, offset, length)
    const { clusterSize } = this.#geometry
    const end = offset + length
    for (let position = offset; position < end; ) {
      const first = Math.floor(position / clusterSize)
      const within = position % clusterSize
      const cluster = await this.#find(first)
      let count = Math.min(clusterSize - within, end - position)
      if (cluster && 'packed' in cluster) {
        const bytes = await this.#unpack(cluster.packed, cluster.length)
        yield bytes.slice(within, within + count)
      } else {
        // Neighbours on the disk that are neighbours in the file are one run, and so is a hole.
        for (let next = first + 1; position + count < end && count < MAX_RUN; next++) {
          const other = await this.#find(next)
          const follows =
            cluster === undefined
              ? other === undefined
              : other && 'at' in other && other.at === cluster.at + (next - first) * clusterSize
          if (!follows) break
          count = Math.min(count + clusterSize, end - position)
        }
        if (cluster) yield* this.#run(cluster.at + within, count)
        else yield* holes(count)
      }
      position += count
    }
  }

  /** The file may end inside the last cluster that it has: the rest is zeros. */
  async *#run(at: number, count: number): AsyncGenerator<Uint8Array, void> {
    const there = Math.max(0, Math.min(count, this.#source.size - at))
    if (there > 0) yield* this.#source.open(at, there)
    yield* holes(count - there)
  }

  async #find(index: number): Promise<Cluster> {
    const { clusterSize, clusterBits, level1Offset } = this.#geometry
    const perTable = clusterSize / ENTRY
    const subject = `cluster ${index} of the disk`
    const level1 = await this.#tables.bytes(
      level1Offset + Math.floor(index / perTable) * ENTRY,
      ENTRY,
      subject,
    )
    const table = hostOffset(level1)
    if (table === 0) return undefined
    const entry = await this.#tables.bytes(table + (index % perTable) * ENTRY, ENTRY, subject)
    const high = u32be.read(entry, 0, subject)
    if (Math.floor(high / 2 ** 30) % 2 === 1) return packedPlace(entry, clusterBits)
    // Bit 0: the cluster reads as zeros, whether it has a place or not.
    if ((entry[7] ?? 0) % 2 === 1) return undefined
    const at = hostOffset(entry)
    if (at === 0) return undefined
    if (at % clusterSize !== 0 || at >= this.#source.size)
      throw formatError(subject, 'lies outside the image', `byte ${at}`)
    return { at }
  }

  async #unpack(at: number, length: number): Promise<Uint8Array> {
    if (this.#unpacked?.at === at) return this.#unpacked.bytes
    const { clusterSize, zstd } = this.#geometry
    const subject = `compressed cluster at byte ${at}`
    const packed = await readBytes(this.#source, at, Math.min(length, this.#source.size - at), subject)
    try {
      const bytes = new Uint8Array(clusterSize)
      const unpacked = zstd
        ? await collect(decompressMember(chunkOf(packed), 'zstd'), clusterSize)
        : inflateRawSync(packed, { maxOutputLength: clusterSize })
      bytes.set(unpacked)
      this.#unpacked = { at, bytes }
      return bytes
    } catch (cause) {
      throw new DiskError('ROS_DISK_FORMAT', 'compressed cluster is damaged', { subject, cause })
    }
  }
}

const MAX_RUN = 16 * 1024 ** 2
const ZEROS = new Uint8Array(65_536)

function* holes(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length))
}

// oxlint-disable-next-line require-await -- decompression takes a stream
async function* chunkOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Bits 9 … 55 of an entry. */
function hostOffset(entry: Uint8Array): number {
  const high = u32be.read(entry, 0, 'entry') % 2 ** 24
  const low = u32be.read(entry, 4, 'entry')
  return high * 2 ** 32 + (low - (low % 512))
}

/** A compressed cluster's descriptor: place in the low bits, then how many sectors of 512 bytes it reaches beyond its first. */
function packedPlace(entry: Uint8Array, clusterBits: number): Cluster {
  const value =
    BigInt(u32be.read(entry, 0, 'entry') % 2 ** 30) * 2n ** 32n + BigInt(u32be.read(entry, 4, 'entry'))
  const divisor = 2n ** BigInt(62 - (clusterBits - 8))
  const packed = Number(value % divisor)
  const sectors = Number(value / divisor) + 1
  return { packed, length: sectors * 512 - (packed % 512) }
}
