import { ascii, both16, both32, type Field, raw, record, u8, u16le, u32be, u32le } from '@ros/bytes'
import { ucs2, volumeDate } from './fields.ts'
import { SECTOR } from './sector.ts'

/** First byte of a volume descriptor (ECMA-119 §8.1.1). */
export const descriptorType = { boot: 0, primary: 1, supplementary: 2, terminator: 255 } as const

/** Primary (§8.4) and supplementary (§8.5) volume descriptor: one layout, with texts in another coding. */
const volumeDescriptor = (name: string, text: (size: number) => Field<string>) =>
  record(
    name,
    [
      ['type', u8],
      ['standardIdentifier', ascii(5)],
      ['version', u8],
      ['flags', u8], // unused in a primary descriptor
      ['systemIdentifier', text(32)],
      ['volumeIdentifier', text(32)],
      ['unused', raw(8)],
      ['volumeSpaceSize', both32], // in sectors
      ['escapeSequences', raw(32)], // unused in a primary descriptor
      ['volumeSetSize', both16],
      ['volumeSequenceNumber', both16],
      ['logicalBlockSize', both16],
      ['pathTableSize', both32], // in bytes
      ['typeLPathTable', u32le],
      ['optionalTypeLPathTable', u32le],
      ['typeMPathTable', u32be],
      ['optionalTypeMPathTable', u32be],
      ['rootDirectoryRecord', raw(34)],
      ['volumeSetIdentifier', text(128)],
      ['publisherIdentifier', text(128)],
      ['dataPreparerIdentifier', text(128)],
      ['applicationIdentifier', text(128)],
      ['copyrightFileIdentifier', text(37)],
      ['abstractFileIdentifier', text(37)],
      ['bibliographicFileIdentifier', text(37)],
      ['volumeCreation', volumeDate],
      ['volumeModification', volumeDate],
      ['volumeExpiration', volumeDate],
      ['volumeEffective', volumeDate],
      ['fileStructureVersion', u8],
      ['reserved', u8],
      ['applicationUse', raw(512)],
      ['reservedEnd', raw(653)],
    ],
    SECTOR,
  )

export const primaryVolumeDescriptor = volumeDescriptor('primary volume descriptor', (size) =>
  ascii(size, ' '),
)
export const jolietVolumeDescriptor = volumeDescriptor('Joliet volume descriptor', ucs2)

/** Boot record of El Torito (specification 1.0, figure 7). */
export const bootRecord = record(
  'boot record',
  [
    ['type', u8],
    ['standardIdentifier', ascii(5)],
    ['version', u8],
    ['bootSystemIdentifier', ascii(32)],
    ['bootIdentifier', ascii(32)],
    ['catalogLba', u32le],
    ['unused', raw(1973)],
  ],
  SECTOR,
)

/** Volume descriptor set terminator (§8.3). */
const setTerminator = record(
  'volume descriptor set terminator',
  [
    ['type', u8],
    ['standardIdentifier', ascii(5)],
    ['version', u8],
    ['reserved', raw(2041)],
  ],
  SECTOR,
)

export function encodeTerminator(): Uint8Array {
  return setTerminator.encode({
    type: descriptorType.terminator,
    standardIdentifier: 'CD001',
    version: 1,
    reserved: new Uint8Array(2041),
  })
}

export const BOOT_SYSTEM = 'EL TORITO SPECIFICATION'

/** Validation entry at the start of a boot catalogue (El Torito, figure 2). */
export const validationEntry = record(
  'validation entry',
  [
    ['headerId', u8],
    ['platform', u8],
    ['reserved', u16le],
    ['idString', ascii(24)],
    ['checksum', u16le],
    ['keyBytes', u16le], // 55 AA on disk
  ],
  32,
)

/** Header of the entries for another platform (El Torito, figure 4): 0x91 when it is the last. */
export const sectionHeader = record(
  'section header',
  [
    ['indicator', u8],
    ['platform', u8],
    ['entryCount', u16le],
    ['idString', ascii(28)],
  ],
  32,
)

/** Initial and section entry of a boot catalogue (El Torito, figures 3 and 5). */
export const bootEntry = record(
  'boot entry',
  [
    ['bootIndicator', u8], // 0x88 bootable
    ['media', u8], // 0: no emulation
    ['loadSegment', u16le],
    ['systemType', u8],
    ['unused', u8],
    ['sectorCount', u16le], // 512-byte sectors to load
    ['loadLba', u32le],
    ['selection', raw(20)],
  ],
  32,
)
