import { both16, both32, record, u8 } from '@ros/bytes'
import { recordDate } from './fields.ts'

/** File flags of a directory record (ECMA-119 §9.1.6). */
export const recordFlag = { directory: 2, multiExtent: 128 } as const

/** The fixed part of a directory record (§9.1); identifier, padding and system use follow it. */
export const directoryRecord = record(
  'directory record',
  [
    ['length', u8],
    ['extendedAttributeLength', u8],
    ['extentLba', both32],
    ['dataLength', both32],
    ['recorded', recordDate],
    ['flags', u8],
    ['fileUnitSize', u8],
    ['interleaveGap', u8],
    ['volumeSequenceNumber', both16],
    ['identifierLength', u8],
  ],
  33,
)

/** The longest record: its length is one byte and even (§9.1.1, §9.1.13). */
export const MAX_RECORD = 254

/** Offset of the system use area: behind the identifier, at an even place. */
export function systemUseOffset(identifierLength: number): number {
  return directoryRecord.size + identifierLength + (identifierLength % 2 === 0 ? 1 : 0)
}

/** An extent as a record names it: first sector and length in bytes. */
export interface Extent {
  readonly lba: number
  readonly size: number
}

/** Fixed part and identifier at `offset` of zeroed `target`; `length` counts the system use area too. */
export function writeRecord(
  target: Uint8Array,
  offset: number,
  identifier: Uint8Array,
  values: { length: number; extent: Extent; recorded: number; flags: number },
): void {
  directoryRecord.encodeInto(target, offset, {
    length: values.length,
    extendedAttributeLength: 0,
    extentLba: values.extent.lba,
    dataLength: values.extent.size,
    recorded: values.recorded,
    flags: values.flags,
    fileUnitSize: 0,
    interleaveGap: 0,
    volumeSequenceNumber: 1,
    identifierLength: identifier.length,
  })
  target.set(identifier, offset + directoryRecord.size)
}
