export { type EmptyQcow2Options, writeEmptyQcow2 } from './empty-qcow2.ts'
export { DiskError, type DiskErrorCode } from './error.ts'
