import { u16be, u16le, u32be, u32le } from '@ros/bytes'
import { directoryRecord, type Extent } from './directory-record.ts'
import type { LintImage } from './lint-image.ts'
import { type IsoFinding, isoFinding } from './lint-rules.ts'
import { SECTOR } from './sector.ts'
import {
  BOOT_SYSTEM,
  bootRecord,
  descriptorType,
  jolietVolumeDescriptor,
  primaryVolumeDescriptor,
} from './volume-descriptor.ts'

/** A descriptor that has a root, and where it stands. */
export interface LintedVolume {
  readonly kind: 'iso' | 'joliet'
  readonly lba: number
  readonly root: Extent
  readonly pathTableSize: number
  readonly typeL: number
  readonly typeM: number
}

export interface LintedDescriptors {
  readonly volumes: readonly LintedVolume[]
  readonly catalogLba?: number
  /** Whether the primary volume's identifiers may have any characters: an enhanced descriptor (ISO 9660:1999) shows the same directories. */
  readonly enhanced: boolean
}

const FIRST = 16
const MAX_DESCRIPTORS = 64
const { offsets } = primaryVolumeDescriptor

/** Checks the volume descriptor set; the return value is what could be read of it. */
export async function* lintDescriptors(image: LintImage): AsyncGenerator<IsoFinding, LintedDescriptors> {
  const volumes: LintedVolume[] = []
  let catalogLba: number | undefined
  let terminated = false
  let enhanced = false
  for (let lba = FIRST; lba < FIRST + MAX_DESCRIPTORS && !terminated; lba++) {
    const sector = await image.bytes(lba * SECTOR, SECTOR)
    if (!sector || String.fromCharCode(...sector.subarray(1, 6)) !== 'CD001') {
      const what = sector ? 'no CD001 at byte 1' : 'the file ends here'
      if (lba === FIRST) {
        yield isoFinding('iso/descriptor', lba * SECTOR, `sector ${lba}`, what)
        return { volumes, enhanced }
      }
      break
    }
    const type = sector[0]
    terminated = type === descriptorType.terminator
    if (type === descriptorType.boot) {
      const record = bootRecord.decode(sector)
      if (record.bootSystemIdentifier === BOOT_SYSTEM) catalogLba ??= record.catalogLba
    } else if (type === descriptorType.primary) {
      yield* lintVolume(image, sector, lba, 'primary volume descriptor')
      volumes.push(volumeOf(sector, lba, 'iso'))
    } else if (type === descriptorType.supplementary && sector[6] === 1) {
      yield* lintVolume(image, sector, lba, 'supplementary volume descriptor')
      const { escapeSequences } = jolietVolumeDescriptor.decode(sector)
      if (/^%\/[@CE]/.test(String.fromCharCode(...escapeSequences.subarray(0, 3))))
        volumes.push(volumeOf(sector, lba, 'joliet'))
      else if (escapeSequences.every((byte) => byte === 0)) {
        yield isoFinding(
          'joliet/escape',
          lba * SECTOR + offsets.escapeSequences,
          'supplementary volume descriptor',
          'no escape sequence: readers do not see that it is Joliet, %/@ %/C or %/E',
        )
        volumes.push(volumeOf(sector, lba, 'joliet'))
      }
    }
    if (type === descriptorType.supplementary && sector[6] === 2) enhanced = true
    if (lba === FIRST && type === descriptorType.primary)
      image.volumeSectors = u32le.read(sector, offsets.volumeSpaceSize, '')
  }
  if (!terminated)
    yield isoFinding(
      'iso/no-terminator',
      FIRST * SECTOR,
      'volume descriptor set',
      'no descriptor of type 255 ends it',
    )
  if (!volumes.some(({ kind }) => kind === 'iso'))
    yield isoFinding('iso/no-primary', FIRST * SECTOR, 'volume descriptor set', 'no descriptor of type 1')
  return { volumes, enhanced, ...(catalogLba !== undefined && { catalogLba }) }
}

function* lintVolume(
  image: LintImage,
  sector: Uint8Array,
  lba: number,
  subject: string,
): Generator<IsoFinding> {
  const start = lba * SECTOR
  for (const field of ['volumeSpaceSize', 'pathTableSize'] as const)
    yield* lintBoth32(sector, offsets[field], start, `${field} of the ${subject}`)
  for (const field of ['volumeSetSize', 'volumeSequenceNumber', 'logicalBlockSize'] as const)
    yield* lintBoth16(sector, offsets[field], start, `${field} of the ${subject}`)
  const block = u16le.read(sector, offsets.logicalBlockSize, '')
  if (block !== SECTOR)
    yield isoFinding(
      'iso/block-size',
      start + offsets.logicalBlockSize,
      subject,
      `${block} bytes are not read by the usual systems`,
    )
  const bytes = u32le.read(sector, offsets.volumeSpaceSize, '') * SECTOR
  if (bytes > image.source.size)
    yield isoFinding(
      'iso/volume-size',
      start + offsets.volumeSpaceSize,
      subject,
      `the volume has ${bytes} bytes, the file ${image.source.size}`,
    )
  yield* lintBoth32(sector, offsets.rootDirectoryRecord + 2, start, `root extent of the ${subject}`)
  yield* lintBoth32(sector, offsets.rootDirectoryRecord + 10, start, `root length of the ${subject}`)
}

/** `start`: offset of `bytes` in the image. */
export function* lintBoth32(
  bytes: Uint8Array,
  at: number,
  start: number,
  subject: string,
): Generator<IsoFinding> {
  const [little, big] = [u32le.read(bytes, at, subject), u32be.read(bytes, at + 4, subject)]
  if (little !== big)
    yield isoFinding(
      'iso/both-endian',
      start + at,
      subject,
      `${little} in little-endian, ${big} in big-endian order`,
    )
}

export function* lintBoth16(
  bytes: Uint8Array,
  at: number,
  start: number,
  subject: string,
): Generator<IsoFinding> {
  const [little, big] = [u16le.read(bytes, at, subject), u16be.read(bytes, at + 2, subject)]
  if (little !== big)
    yield isoFinding(
      'iso/both-endian',
      start + at,
      subject,
      `${little} in little-endian, ${big} in big-endian order`,
    )
}

function volumeOf(sector: Uint8Array, lba: number, kind: LintedVolume['kind']): LintedVolume {
  const { extentLba, dataLength } = directoryRecord.decode(sector, offsets.rootDirectoryRecord)
  return {
    kind,
    lba,
    root: { lba: extentLba, size: dataLength },
    pathTableSize: u32le.read(sector, offsets.pathTableSize, ''),
    typeL: u32le.read(sector, offsets.typeLPathTable, ''),
    typeM: u32be.read(sector, offsets.typeMPathTable, ''),
  }
}
