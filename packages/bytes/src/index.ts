export {
  type ByteSource,
  checkRange,
  collect,
  concat,
  fromBytes,
  fromText,
  readAll,
  shortError,
  slice,
  zeros,
} from './byte-source.ts'
export { crc32 } from './crc32.ts'
export { BytesError, type BytesErrorCode, RosError, type RosErrorDetail } from './error.ts'
export {
  ascii,
  both16,
  both32,
  checkUint,
  type Field,
  hex8,
  raw,
  u8,
  u16be,
  u16le,
  u32be,
  u32le,
  u64be,
  u64le,
} from './fields.ts'
export { type Finding, finding, type LintRule } from './finding.ts'
export { type BlobLike, fromBlob } from './from-blob.ts'
export { gathered } from './gathered.ts'
export { limited } from './limited.ts'
export { compareNames, decodeName, encodeName, sortNames } from './name.ts'
export { OutputBuffer } from './output-buffer.ts'
export { type RecordTable, type RecordValues, record } from './record.ts'
