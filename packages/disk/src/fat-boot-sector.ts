import { ascii, raw, record, u8, u16le, u32le } from '@ros/bytes'
import { type FatGeometry, SECTOR } from './fat-geometry.ts'
import type { FatOptions } from './fat-options.ts'

/** The part of the boot sector that all types share (Microsoft FAT specification 1.03, "Boot Sector and BPB"). */
export const biosParameters = record(
  'BIOS parameter block',
  [
    ['jump', raw(3)],
    ['oemName', ascii(8, ' ')],
    ['bytesPerSector', u16le],
    ['sectorsPerCluster', u8],
    ['reservedSectors', u16le],
    ['fatCount', u8],
    ['rootEntries', u16le],
    ['sectorCount16', u16le], // 0 when it needs 32 bits
    ['media', u8],
    ['fatSectors16', u16le], // 0 with FAT32
    ['sectorsPerTrack', u16le],
    ['heads', u16le],
    ['hiddenSectors', u32le],
    ['sectorCount32', u32le],
  ],
  36,
)

/** What FAT32 has between the shared part and the volume's identity. */
export const fat32Parameters = record(
  'FAT32 parameters',
  [
    ['fatSectors32', u32le],
    ['flags', u16le], // 0: both tables are kept alike
    ['version', u16le],
    ['rootCluster', u32le],
    ['infoSector', u16le],
    ['backupSector', u16le],
    ['reserved', raw(12)],
  ],
  28,
)

/** The end of the parameters: at byte 36, with FAT32 at byte 64. */
export const volumeIdentity = record(
  'volume identity',
  [
    ['driveNumber', u8],
    ['reserved', u8],
    ['signature', u8], // 0x29: the three fields that follow are there
    ['serialNumber', u32le],
    ['label', ascii(11, ' ')],
    ['typeName', ascii(8, ' ')], // for people; no driver may go by it
  ],
  26,
)

/** Free space as FAT32 remembers it ("FAT32 FSInfo Sector Structure"). */
export const infoSector = record(
  'FSInfo',
  [
    ['leadSignature', u32le],
    ['reserved', raw(480)],
    ['structureSignature', u32le],
    ['freeClusters', u32le],
    ['nextFree', u32le],
    ['reservedEnd', raw(12)],
    ['trailSignature', u32le],
  ],
  SECTOR,
)

const FIXED_DISK = 0xf8
const INFO_SECTOR = 1
const BACKUP_SECTOR = 6
export const ROOT_CLUSTER = 2
/** int 18h (no system here: try the next device), then halt for good. */
const BOOT_CODE = [0xcd, 0x18, 0xf4, 0xeb, 0xfd]

/** All reserved sectors: the boot sector, with FAT32 free space and a copy of both. */
export function encodeReserved(geometry: FatGeometry, options: FatOptions, used: number): Uint8Array {
  const bytes = new Uint8Array(geometry.reservedSectors * SECTOR)
  const boot = encodeBootSector(geometry, options)
  bytes.set(boot)
  if (geometry.type !== 'fat32') return bytes
  const info = infoSector.encode({
    leadSignature: 0x4161_5252,
    reserved: new Uint8Array(480),
    structureSignature: 0x6141_7272,
    freeClusters: geometry.clusterCount - used,
    nextFree: used < geometry.clusterCount ? ROOT_CLUSTER + used : 0xffff_ffff,
    reservedEnd: new Uint8Array(12),
    trailSignature: 0xaa55_0000,
  })
  bytes.set(info, INFO_SECTOR * SECTOR)
  bytes.set(boot, BACKUP_SECTOR * SECTOR)
  bytes.set(info, (BACKUP_SECTOR + INFO_SECTOR) * SECTOR)
  return bytes
}

function encodeBootSector(geometry: FatGeometry, options: FatOptions): Uint8Array {
  const { type, sectorCount, fatSectors } = geometry
  const wide = type === 'fat32'
  const identityOffset = biosParameters.size + (wide ? fat32Parameters.size : 0)
  const codeOffset = identityOffset + volumeIdentity.size
  const short = !wide && sectorCount <= 0xffff
  const sector = new Uint8Array(SECTOR)
  biosParameters.encodeInto(sector, 0, {
    jump: Uint8Array.of(0xeb, codeOffset - 2, 0x90),
    oemName: 'MSWIN4.1', // what the specification recommends: some drivers look for it
    bytesPerSector: SECTOR,
    sectorsPerCluster: geometry.clusterSize / SECTOR,
    reservedSectors: geometry.reservedSectors,
    fatCount: 2,
    rootEntries: geometry.rootEntries,
    sectorCount16: short ? sectorCount : 0,
    media: FIXED_DISK,
    fatSectors16: wide ? 0 : fatSectors,
    sectorsPerTrack: 32,
    heads: 64,
    hiddenSectors: options.hiddenSectors ?? 0,
    sectorCount32: short ? 0 : sectorCount,
  })
  if (wide) {
    fat32Parameters.encodeInto(sector, biosParameters.size, {
      fatSectors32: fatSectors,
      flags: 0,
      version: 0,
      rootCluster: ROOT_CLUSTER,
      infoSector: INFO_SECTOR,
      backupSector: BACKUP_SECTOR,
      reserved: new Uint8Array(12),
    })
  }
  volumeIdentity.encodeInto(sector, identityOffset, {
    driveNumber: 0x80,
    reserved: 0,
    signature: 0x29,
    serialNumber: options.serialNumber,
    label: options.label ?? 'NO NAME',
    typeName: type.toUpperCase(),
  })
  sector.set(BOOT_CODE, codeOffset)
  u16le.write(sector, SECTOR - 2, 0xaa55, 'boot sector signature')
  return sector
}
