import { decodeName } from '@ros/bytes'
import { directoryRecord, type Extent, recordFlag, systemUseOffset } from './directory-record.ts'
import { decodeUcs2 } from './fields.ts'
import { lintBoth16, lintBoth32 } from './lint-descriptors.ts'
import type { LintImage } from './lint-image.ts'
import { type IsoFinding, isoFinding } from './lint-rules.ts'
import { compareIdentifiers } from './record-order.ts'
import { SECTOR } from './sector.ts'

export interface LintedRecord {
  /** Of the record in the image, in bytes. */
  readonly offset: number
  readonly identifier: Uint8Array
  readonly name: string
  readonly directory: boolean
  readonly extent: Extent
  /** System use area, and where it is in the image. */
  readonly systemUse: Uint8Array
  readonly systemUseAt: number
}

export interface LintedDirectory {
  readonly self: LintedRecord | undefined
  readonly parent: LintedRecord | undefined
  readonly records: readonly LintedRecord[]
}

/** Rules of the identifiers of a volume. */
export interface Naming {
  readonly kind: 'iso' | 'joliet'
  readonly anyCharacters: boolean
}

const has = (flags: number, flag: number) => Math.floor(flags / flag) % 2 === 1

/** Checks the records of a directory, one for one and in their order; the return value is what could be read. */
export async function* lintDirectory(
  image: LintImage,
  path: string,
  extent: Extent,
  naming: Naming,
): AsyncGenerator<IsoFinding, LintedDirectory | undefined> {
  const { kind } = naming
  const start = extent.lba * SECTOR
  const bytes = image.holds(extent.lba, extent.size) ? await image.bytes(start, extent.size) : undefined
  if (!bytes) return undefined
  const special: LintedRecord[] = []
  const records: LintedRecord[] = []
  let open: LintedRecord | undefined
  for (let position = 0; position < bytes.length; ) {
    const length = bytes[position] ?? 0
    if (length === 0) {
      position += SECTOR - (position % SECTOR)
      continue
    }
    const offset = start + position
    const sectorEnd = Math.min(bytes.length, position + SECTOR - (position % SECTOR))
    if (length <= directoryRecord.size || position + length > sectorEnd) {
      yield isoFinding(
        'iso/record-length',
        offset,
        path,
        `record of ${length} bytes, ${sectorEnd - position} are left`,
      )
      position = sectorEnd
      continue
    }
    const raw = bytes.subarray(position, position + length)
    position += length
    const { identifierLength, flags, extentLba, extendedAttributeLength, dataLength } =
      directoryRecord.decode(raw)
    if (identifierLength === 0 || directoryRecord.size + identifierLength > length) {
      yield isoFinding(
        'iso/identifier-length',
        offset + 32,
        path,
        `identifier of ${identifierLength} bytes in a record of ${length}`,
      )
      continue
    }
    const identifier = raw.slice(directoryRecord.size, directoryRecord.size + identifierLength)
    const text = kind === 'joliet' ? decodeUcs2(identifier) : decodeName(identifier)
    const useStart = Math.min(systemUseOffset(identifierLength), length)
    const isSpecial = identifierLength === 1 && (identifier[0] ?? 2) < 2
    const name = isSpecial
      ? `${path}/${identifier[0] === 0 ? '.' : '..'}`
      : `${path === '/' ? '' : path}/${text}`
    const record: LintedRecord = {
      offset,
      identifier,
      name,
      directory: has(flags, recordFlag.directory),
      extent: { lba: extentLba + extendedAttributeLength, size: dataLength },
      systemUse: raw.slice(useStart),
      systemUseAt: offset + useStart,
    }
    yield* lintRecord(image, raw, record)
    if (isSpecial) {
      special.push(record)
      continue
    }
    yield* lintPlace(records.at(-1), record, open !== undefined, naming)
    open = has(flags, recordFlag.multiExtent) ? record : undefined
    records.push(record)
  }
  if (open)
    yield isoFinding('iso/multi-extent', open.offset, open.name, 'more sections are announced than there are')
  const find = (byte: number) => special.find(({ identifier }) => identifier[0] === byte)
  return { self: find(0), parent: find(1), records }
}

function* lintRecord(image: LintImage, raw: Uint8Array, record: LintedRecord): Generator<IsoFinding> {
  const { offset, name, extent } = record
  yield* lintBoth32(raw, directoryRecord.offsets.extentLba, offset, `extent of ${name}`)
  yield* lintBoth32(raw, directoryRecord.offsets.dataLength, offset, `length of ${name}`)
  yield* lintBoth16(raw, directoryRecord.offsets.volumeSequenceNumber, offset, `volume of ${name}`)
  // Writers give empty files all kinds of places, 0 among them.
  if (extent.size > 0 && !image.holds(extent.lba, extent.size)) {
    const where = `sector ${extent.lba}, ${extent.size} bytes; the volume has ${image.volumeSectors} sectors`
    yield isoFinding('iso/extent', offset + directoryRecord.offsets.extentLba, name, where)
  }
}

/** Order of a record after the one before it, and the characters of its identifier. */
function* lintPlace(
  before: LintedRecord | undefined,
  record: LintedRecord,
  continues: boolean,
  { kind, anyCharacters }: Naming,
): Generator<IsoFinding> {
  const { offset, name, identifier } = record
  const order = before && compareIdentifiers(before.identifier, identifier, kind)
  if (order !== undefined && order > 0)
    yield isoFinding('iso/order', offset, name, 'stands after a later identifier')
  // Sections of one file, and associated files, share their identifier.
  if (
    order === 0 &&
    !continues &&
    before &&
    before.extent.lba !== record.extent.lba &&
    record.directory === before.directory
  )
    yield isoFinding('iso/duplicate', offset, name, 'the identifier is in the directory twice')
  if (kind === 'iso' && !anyCharacters && identifier.some((byte) => byte >= 0x61 && byte <= 0x7a))
    yield isoFinding(
      'iso/d-characters',
      offset + directoryRecord.size,
      name,
      'lower-case letters are no d-characters',
    )
}
