// Parts of a stream-optimized image, in sectors of 512 bytes:
//
//   0       header, which says that the directory is at the end
//   1 … 20  descriptor, a text
//   …       grains (64 KiB of the disk each) that are not all zeros, each compressed behind a marker
//           after the last grain of each 512: a marker and their grain table
//   …       a marker and the grain directory; a marker and the footer, which is a header that knows where it is
//   -1      end-of-stream marker

import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { ascii, type ByteSource, raw, record, u8, u16le, u32le, u64le } from '@ros/bytes'
import { DiskError } from './error.ts'
import { pieces } from './sparse.ts'

/** Sparse extent header (VMware, Virtual Disk Format 5.0, "Hosted Sparse Extent Header"). */
const sparseHeader = record(
  'VMDK sparse extent header',
  [
    ['magic', ascii(4)],
    ['version', u32le],
    ['flags', u32le],
    ['capacity', u64le],
    ['grainSize', u64le],
    ['descriptorOffset', u64le],
    ['descriptorSize', u64le],
    ['tableEntries', u32le],
    ['redundantDirectory', u64le],
    ['directoryOffset', raw(8)],
    ['overhead', u64le],
    ['unclean', u8],
    ['lineEnds', raw(4)], // a transfer as text would break these
    ['compression', u16le],
    ['padding', raw(433)],
  ],
  512,
)

/** A marker that is no grain ("Metadata Marker"): its size field is 0. */
const metadataMarker = record(
  'VMDK marker',
  [
    ['sectorCount', u64le],
    ['size', u32le],
    ['type', u32le],
    ['padding', raw(496)],
  ],
  512,
)

const SECTOR = 512
const GRAIN = 65_536
const TABLE_ENTRIES = 512
const DESCRIPTOR_SECTORS = 20
const OVERHEAD = 128
const LEVEL = 6
const marker = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const
const MAX_SECTORS = 0xffff_ffff
const compress = promisify<Uint8Array, { level: number }, Buffer>(deflate)

/** What identifies a VMDK. */
export interface VmdkOptions {
  /** Content id, 32 bits, not 0xfffffffe or 0xffffffff. */
  readonly contentId: number
  /** The file's own name, which its descriptor carries: `disk.vmdk`. */
  readonly name: string
}

/**
 * A disk as a stream-optimized VMDK, what VMware and VirtualBox import and OVA archives hold: compressed, without holes, written in one
 * pass. The same disk and options give the same bytes with the same zlib. Throws `ROS_DISK_FIELD` at once for a size that is no
 * positive multiple of 512 below 2 TiB, and for other options that the format cannot hold.
 *
 * Source: VMware, Virtual Disk Format 5.0.
 */
export function writeVmdk(disk: ByteSource, options: VmdkOptions): AsyncIterable<Uint8Array> {
  const { contentId, name } = options
  if (disk.size <= 0 || disk.size % SECTOR !== 0 || disk.size / SECTOR > MAX_SECTORS)
    throw fieldError('size', String(disk.size), 'a multiple of 512 below 2 TiB')
  if (!Number.isInteger(contentId) || contentId < 0 || contentId >= 0xffff_fffe)
    throw fieldError('contentId', String(contentId), '0 … 0xfffffffd')
  if (!/^[\w.-]{1,128}$/.test(name)) throw fieldError('name', JSON.stringify(name), 'letters, digits, _ . -')
  return stream(disk, options)
}

async function* stream(disk: ByteSource, options: VmdkOptions): AsyncGenerator<Uint8Array, void> {
  const capacity = disk.size / SECTOR
  const head = new Uint8Array(OVERHEAD * SECTOR)
  head.set(encodeHeader(capacity))
  const text = new TextEncoder().encode(descriptor(capacity, options))
  if (text.length > DESCRIPTOR_SECTORS * SECTOR) throw new Error(`descriptor of ${text.length} bytes`)
  head.set(text, SECTOR)
  yield head

  let sector = OVERHEAD
  const tableCount = Math.ceil(disk.size / (GRAIN * TABLE_ENTRIES))
  const directory = new Uint8Array(Math.ceil((4 * tableCount) / SECTOR) * SECTOR)
  let table = new Uint8Array(4 * TABLE_ENTRIES)
  let used = false
  const isLast = (index: number) => (index + 1) * GRAIN >= disk.size
  for await (const { index, bytes, zero } of pieces(disk, GRAIN)) {
    if (!zero) {
      u32le.write(table, 4 * (index % TABLE_ENTRIES), sector, 'VMDK grain table')
      used = true
      const grain = await encodeGrain(bytes, index)
      yield grain
      sector += grain.length / SECTOR
    }
    if (index % TABLE_ENTRIES < TABLE_ENTRIES - 1 && !isLast(index)) continue
    if (used) {
      yield encodeMarker(marker.grainTable, table.length / SECTOR)
      yield table
      u32le.write(directory, 4 * Math.floor(index / TABLE_ENTRIES), sector + 1, 'VMDK grain directory')
      sector += 1 + table.length / SECTOR
    }
    table = new Uint8Array(4 * TABLE_ENTRIES)
    used = false
  }
  yield encodeMarker(marker.grainDirectory, directory.length / SECTOR)
  yield directory
  yield encodeMarker(marker.footer, 1)
  yield encodeHeader(capacity, sector + 1)
  yield encodeMarker(marker.endOfStream, 0)
}

/** Its sector on the disk, its compressed length, and the data, up to a whole sector. */
async function encodeGrain(bytes: Uint8Array, index: number): Promise<Uint8Array> {
  const whole = new Uint8Array(GRAIN)
  whole.set(bytes)
  const packed = await compress(whole, { level: LEVEL })
  const grain = new Uint8Array(Math.ceil((12 + packed.length) / SECTOR) * SECTOR)
  u64le.write(grain, 0, (index * GRAIN) / SECTOR, 'VMDK grain marker')
  u32le.write(grain, 8, packed.length, 'VMDK grain marker')
  grain.set(packed, 12)
  return grain
}

function encodeHeader(capacity: number, directorySector?: number): Uint8Array {
  const directoryOffset = new Uint8Array(8).fill(0xff) // at the end: see the footer
  if (directorySector !== undefined) u64le.write(directoryOffset, 0, directorySector, 'VMDK grain directory')
  return sparseHeader.encode({
    magic: 'KDMV',
    version: 3,
    flags: 0x0003_0001, // line ends are there to be tested; grains are compressed; there are markers
    capacity,
    grainSize: GRAIN / SECTOR,
    descriptorOffset: directorySector === undefined ? 1 : 0,
    descriptorSize: directorySector === undefined ? DESCRIPTOR_SECTORS : 0,
    tableEntries: TABLE_ENTRIES,
    redundantDirectory: 0,
    directoryOffset,
    overhead: OVERHEAD,
    unclean: 0,
    lineEnds: Uint8Array.of(0x0a, 0x20, 0x0d, 0x0a),
    compression: 1, // deflate
    padding: new Uint8Array(433),
  })
}

function encodeMarker(type: number, sectorCount: number): Uint8Array {
  return metadataMarker.encode({ sectorCount, size: 0, type, padding: new Uint8Array(496) })
}

function descriptor(capacity: number, { contentId, name }: VmdkOptions): string {
  const cylinders = Math.min(Math.ceil(capacity / (255 * 63)), 65_535)
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${contentId.toString(16).padStart(8, '0')}`,
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    '',
    '# Extent description',
    `RW ${capacity} SPARSE "${name}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    'ddb.virtualHWVersion = "8"',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    'ddb.geometry.heads = "255"',
    'ddb.geometry.sectors = "63"',
    '',
  ].join('\n')
}

function fieldError(subject: string, got: string, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'VMDK image cannot have this', { subject, got, limit })
}
