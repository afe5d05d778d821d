import { ascii, type ByteSource, raw, record, u8, u16be, u32be, u64be } from '@ros/bytes'
import { encodeGuid } from '@ros/partitions'
import { DiskError } from './error.ts'

/** Hard disk footer (Microsoft, Virtual Hard Disk Image Format Specification, "Hard Disk Footer Format"). */
const vhdFooter = record(
  'VHD footer',
  [
    ['cookie', ascii(8)],
    ['features', u32be],
    ['version', u32be],
    ['dataOffset', raw(8)],
    ['time', u32be], // seconds since 2000 UTC
    ['creator', ascii(4)],
    ['creatorVersion', u32be],
    ['creatorHost', ascii(4)],
    ['originalSize', u64be],
    ['currentSize', u64be],
    ['cylinders', u16be],
    ['heads', u8],
    ['sectorsPerTrack', u8],
    ['diskType', u32be],
    ['checksum', u32be],
    ['id', raw(16)],
    ['savedState', u8],
    ['reserved', raw(427)],
  ],
  512,
)

const SECTOR = 512
const FIXED = 2
/** 2000-01-01, in seconds since 1970 UTC. */
const EPOCH = 946_684_800
const MAX_SIZE = 2040 * 1024 ** 3

/** What identifies a VHD. */
export interface VhdOptions {
  /** A GUID that tells images apart. */
  readonly id: string
  /** Seconds since 1970 UTC, 2000 or later. */
  readonly created: number
}

/**
 * A disk as a fixed VHD, what Azure and Hyper-V take: the disk as it is, and a footer of 512 bytes. Throws `ROS_DISK_FIELD` at once for a
 * size that is no positive multiple of 512 up to 2040 GiB, `ROS_PARTITIONS_FIELD` for an id that is no GUID. (Azure wants a size of whole MiB.)
 *
 * Source: Microsoft, Virtual Hard Disk Image Format Specification, October 2006.
 */
export function writeVhd(disk: ByteSource, options: VhdOptions): AsyncIterable<Uint8Array> {
  if (disk.size <= 0 || disk.size % SECTOR !== 0 || disk.size > MAX_SIZE)
    throw fieldError('size', String(disk.size), 'a multiple of 512 up to 2040 GiB')
  if (!Number.isInteger(options.created) || options.created < EPOCH || options.created - EPOCH > 0xffff_ffff)
    throw fieldError('created', String(options.created), 'a time from 2000 to 2136')
  return withFooter(disk, encodeFooter(disk.size, options))
}

async function* withFooter(disk: ByteSource, footer: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield* disk.open()
  yield footer
}

function encodeFooter(size: number, { id, created }: VhdOptions): Uint8Array {
  const values = {
    cookie: 'conectix',
    features: 2, // reserved, always set
    version: 0x0001_0000,
    dataOffset: new Uint8Array(8).fill(0xff), // none: a fixed disk
    time: created - EPOCH,
    // Readers go by the size and not by cylinders, heads and sectors only for creators that they know.
    creator: 'win ',
    creatorVersion: 0x000a_0000,
    creatorHost: 'Wi2k',
    originalSize: size,
    currentSize: size,
    ...geometry(size / SECTOR),
    diskType: FIXED,
    checksum: 0,
    id: encodeGuid(id),
    savedState: 0,
    reserved: new Uint8Array(427),
  }
  const sum = vhdFooter.encode(values).reduce((total, byte) => total + byte, 0)
  return vhdFooter.encode({ ...values, checksum: 0xffff_ffff - sum })
}

/** Appendix "CHS Calculation". */
function geometry(sectorCount: number): { cylinders: number; heads: number; sectorsPerTrack: number } {
  const total = Math.min(sectorCount, 65_535 * 16 * 255)
  const parts = (heads: number, sectorsPerTrack: number) => ({
    cylinders: Math.floor(Math.floor(total / sectorsPerTrack) / heads),
    heads,
    sectorsPerTrack,
  })
  if (total >= 65_535 * 16 * 63) return parts(16, 255)
  const tracks = Math.floor(total / 17)
  const heads = Math.max(Math.ceil(tracks / 1024), 4)
  if (heads <= 16 && tracks < heads * 1024) return parts(heads, 17)
  const tracks31 = Math.floor(total / 31)
  return tracks31 < 16 * 1024 ? parts(16, 31) : parts(16, 63)
}

function fieldError(subject: string, got: string, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'VHD image cannot have this', { subject, got, limit })
}
