import { directoryRecord, type Extent, recordFlag, systemUseOffset } from './directory-record.ts'
import { IsoError } from './error.ts'
import type { ImageBytes } from './image-bytes.ts'
import { SECTOR } from './sector.ts'

/** A directory record as it stands, the sections of a file taken together. */
export interface ReadRecord {
  readonly identifier: Uint8Array
  readonly directory: boolean
  /** In order; one unless the file has several sections. */
  readonly extents: readonly Extent[]
  readonly recorded: number | null
  readonly systemUse: Uint8Array
}

export interface ReadDirectory {
  /** The record `.`, where the root has SP and ER. */
  readonly self: ReadRecord
  readonly records: readonly ReadRecord[]
}

// Associated files carry resource forks of old systems; they are no entries of their own (ECMA-119 §9.1.6, bit 2).
const ASSOCIATED = 4

/** Reads a directory's records. Throws `ROS_ISO_FORMAT`, `ROS_ISO_EXTENT`. */
export async function readDirectory(
  image: ImageBytes,
  subject: string,
  extent: Extent,
): Promise<ReadDirectory> {
  const { lba, size } = image.within(subject, extent)
  const bytes = await image.read(subject, lba, size)
  const records: ReadRecord[] = []
  let self: ReadRecord | undefined
  let open = false
  for (let position = 0; position < bytes.length; ) {
    const length = bytes[position] ?? 0
    if (length === 0) {
      position += SECTOR - (position % SECTOR)
      continue
    }
    const end = sectorEnd(position, bytes.length)
    const read = tolerated(image, () => readRecord(subject, bytes.subarray(position, end)))
    // Where the next record starts is known from this one's length only.
    position = length > directoryRecord.size && position + length <= end ? position + length : end
    if (!read) continue
    const { record, flags } = read
    const special = record.identifier.length === 1 && (record.identifier[0] ?? 2) < 2
    if (special) {
      if (record.identifier[0] === 0) self ??= record
      continue
    }
    if (has(flags, ASSOCIATED)) continue
    const previous = records.at(-1)
    const whole = open && previous ? tolerated(image, () => joined(subject, previous, record)) : undefined
    if (whole) records[records.length - 1] = whole
    else records.push(record)
    open = has(flags, recordFlag.multiExtent)
  }
  if (open) image.tolerate(formatError(subject, 'last section of a file is missing'))
  if (!self) throw formatError(subject, 'directory has no record of itself')
  return { self, records }
}

/** The result, or undefined where what was thrown is gone around. */
function tolerated<T>(image: ImageBytes, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    image.tolerate(error)
    return undefined
  }
}

function sectorEnd(position: number, size: number): number {
  return Math.min(size, position + SECTOR - (position % SECTOR))
}

/** `bytes` begins with the record and ends with its sector. */
function readRecord(subject: string, bytes: Uint8Array): { record: ReadRecord; flags: number } {
  const length = bytes[0] ?? 0
  if (length <= directoryRecord.size || length > bytes.length)
    throw formatError(subject, 'directory record has a wrong length', String(length))
  const values = directoryRecord.decode(bytes)
  const { identifierLength, flags } = values
  const start = systemUseOffset(identifierLength)
  if (identifierLength === 0 || directoryRecord.size + identifierLength > length)
    throw formatError(subject, 'identifier has a wrong length', String(identifierLength))
  if (values.fileUnitSize !== 0) throw formatError(subject, 'interleaved files are not supported')
  const lba = values.extentLba + values.extendedAttributeLength
  const record = {
    identifier: bytes.slice(directoryRecord.size, directoryRecord.size + identifierLength),
    directory: has(flags, recordFlag.directory),
    extents: [{ lba, size: values.dataLength }],
    recorded: values.recorded,
    systemUse: bytes.slice(Math.min(start, length), length),
  }
  return { record, flags }
}

function joined(subject: string, first: ReadRecord, next: ReadRecord): ReadRecord {
  if (first.identifier.some((byte, index) => byte !== next.identifier[index]) || next.directory)
    throw formatError(subject, 'sections of a file do not belong together')
  return { ...first, extents: [...first.extents, ...next.extents] }
}

function has(flags: number, flag: number): boolean {
  return Math.floor(flags / flag) % 2 === 1
}

function formatError(subject: string, problem: string, got?: string): IsoError {
  return new IsoError('ROS_ISO_FORMAT', problem, {
    subject,
    limit: 'ECMA-119 §9.1',
    ...(got !== undefined && { got }),
  })
}
