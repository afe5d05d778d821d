import { raw, record, u32be, u64be } from '@ros/bytes'

/** Header of version 3 (QEMU, docs/interop/qcow2.txt, "Header"). */
export const qcow2Header = record(
  'qcow2 header',
  [
    ['magic', u32be], // QFI\xfb
    ['version', u32be],
    ['backingFileOffset', u64be],
    ['backingFileSize', u32be],
    ['clusterBits', u32be],
    ['size', u64be],
    ['cryptMethod', u32be],
    ['level1Size', u32be], // entries
    ['level1TableOffset', u64be],
    ['refcountTableOffset', u64be],
    ['refcountTableClusters', u32be],
    ['snapshotCount', u32be],
    ['snapshotsOffset', u64be],
    ['incompatibleFeatures', raw(8)],
    ['compatibleFeatures', raw(8)],
    ['autoclearFeatures', raw(8)],
    ['refcountOrder', u32be], // counts have 2 to this power bits
    ['headerLength', u32be],
  ],
  104,
)

/** QFI\xfb */
export const QCOW2_MAGIC = 0x5146_49fb
/** What version 2 has of the header. */
export const QCOW2_V2_SIZE = 72

export interface Qcow2Header {
  /** Virtual size in bytes. */
  readonly size: number
  readonly clusterBits: number
  /** Entries. */
  readonly level1Size: number
  readonly level1TableOffset: number
  readonly refcountTableOffset: number
  readonly refcountTableClusters: number
}

/** Header of an image without a backing file, encryption and snapshots, with counts of 16 bits. */
export function encodeQcow2Header(values: Qcow2Header): Uint8Array {
  return qcow2Header.encode({
    ...values,
    magic: QCOW2_MAGIC,
    version: 3,
    backingFileOffset: 0,
    backingFileSize: 0,
    cryptMethod: 0,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatibleFeatures: new Uint8Array(8),
    compatibleFeatures: new Uint8Array(8),
    autoclearFeatures: new Uint8Array(8),
    refcountOrder: 4,
    headerLength: qcow2Header.size,
  })
}
