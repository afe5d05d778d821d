import { raw, record, u8, u16le, u32le } from '@ros/bytes'

/** First half of the superblock, at byte 1024 (Linux, Documentation/filesystems/ext4/super.rst). */
export const extSuperblock = record(
  'ext superblock',
  [
    ['inodeCount', u32le],
    ['blockCountLow', u32le],
    ['reservedBlocksLow', u32le],
    ['freeBlocksLow', u32le],
    ['freeInodes', u32le],
    ['firstDataBlock', u32le],
    ['logBlockSize', u32le],
    ['logClusterSize', u32le],
    ['blocksPerGroup', u32le],
    ['clustersPerGroup', u32le],
    ['inodesPerGroup', u32le],
    ['mounted', u32le],
    ['written', u32le],
    ['mountCount', u16le],
    ['maxMountCount', u16le],
    ['magic', u16le],
    ['state', u16le],
    ['errors', u16le],
    ['minorRevision', u16le],
    ['lastCheck', u32le],
    ['checkInterval', u32le],
    ['creatorOs', u32le],
    ['revision', u32le],
    ['reservedUid', u16le],
    ['reservedGid', u16le],
    ['firstInode', u32le],
    ['inodeSize', u16le],
    ['blockGroup', u16le],
    ['compatible', u32le],
    ['incompatible', u32le],
    ['readOnlyCompatible', u32le],
    ['uuid', raw(16)],
    ['label', raw(16)],
    ['lastMounted', raw(64)],
    ['algorithms', u32le],
    ['preallocate', u8],
    ['preallocateDirectory', u8],
    ['reservedGdtBlocks', u16le],
    ['journalUuid', raw(16)],
    ['journalInode', u32le],
    ['journalDevice', u32le],
    ['lastOrphan', u32le],
    ['hashSeed', raw(16)],
    ['hashVersion', u8],
    ['journalBackup', u8],
    ['descriptorSize', u16le],
    ['mountOptions', u32le],
    ['firstMetaGroup', u32le],
    ['made', u32le],
    ['journalBlocks', raw(68)],
    ['blockCountHigh', u32le],
  ],
  340,
)

export const EXT_MAGIC = 0xef53

/** Inode, as far as all revisions have it (inodes.rst). */
export const extInode = record(
  'ext inode',
  [
    ['mode', u16le],
    ['uidLow', u16le],
    ['sizeLow', u32le],
    ['accessed', u32le],
    ['changed', u32le],
    ['modified', u32le],
    ['deleted', u32le],
    ['gidLow', u16le],
    ['links', u16le],
    ['sectorsLow', u32le],
    ['flags', u32le],
    ['version', u32le],
    ['block', raw(60)],
    ['generation', u32le],
    ['attributesLow', u32le],
    ['sizeHigh', u32le],
    ['fragment', u32le],
    ['sectorsHigh', u16le],
    ['attributesHigh', u16le],
    ['uidHigh', u16le],
    ['gidHigh', u16le],
    ['checksumLow', u16le],
    ['reserved', u16le],
  ],
  128,
)

/** Header of a node of an extent tree (ifork.rst, "Extent Tree"). */
export const extentHeader = record(
  'extent header',
  [
    ['magic', u16le],
    ['entries', u16le],
    ['max', u16le],
    ['depth', u16le],
    ['generation', u32le],
  ],
  12,
)

export const extentLeaf = record(
  'extent',
  [
    ['block', u32le],
    ['length', u16le], // above 32768: written to by nobody yet
    ['startHigh', u16le],
    ['startLow', u32le],
  ],
  12,
)

export const extentIndex = record(
  'extent index',
  [
    ['block', u32le],
    ['leafLow', u32le],
    ['leafHigh', u16le],
    ['unused', u16le],
  ],
  12,
)

/** Features without which a reader is lost (super.rst, "s_feature_incompat"). */
export const extFeature = {
  compression: 0x1,
  fileType: 0x2,
  recover: 0x4,
  journalDevice: 0x8,
  metaGroups: 0x10,
  extents: 0x40,
  wide: 0x80,
  mountProtection: 0x100,
  flexibleGroups: 0x200,
  largeAttributes: 0x400,
  checksumSeed: 0x2000,
  largeDirectory: 0x4000,
  inlineData: 0x8000,
  encryption: 0x10000,
  casefold: 0x20000,
} as const

export const inodeFlag = { extents: 0x8_0000, inlineData: 0x1000_0000, encrypted: 0x800 } as const

export function hasBit(value: number, bit: number): boolean {
  return Math.floor(value / bit) % 2 === 1
}
