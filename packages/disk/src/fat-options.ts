import { DiskError } from './error.ts'
import type { FatType } from './fat-geometry.ts'

/** What varies between volumes. Nothing is taken from the running system. */
export interface FatOptions {
  /** Volume serial number, 32 bits: what `blkid` shows as the UUID. */
  readonly serialNumber: number
  /** Volume label: 1 … 11 printable ASCII characters, no lower case. Default: none. */
  readonly label?: string
  /** Time of the label's entry, in seconds since 1970 UTC. Default: the root directory's. */
  readonly created?: number
  /** Length of the volume in bytes, a multiple of 512. Default: what the tree needs. */
  readonly size?: number
  /** Bytes in a cluster: a power of two, 512 … 32768. Default: the usual one for the size. */
  readonly clusterSize?: number
  /** Default: whatever follows from the number of clusters. */
  readonly type?: FatType
  /** 512-byte sectors of the disk before the volume, for boot loaders. Default 0. */
  readonly hiddenSectors?: number
}

/** Throws `ROS_DISK_FIELD` for an option that no volume can hold. */
export function checkFatOptions(options: FatOptions): void {
  checkWhole('serialNumber', options.serialNumber, 0, 0xffff_ffff)
  checkWhole('hiddenSectors', options.hiddenSectors ?? 0, 0, 0xffff_ffff)
  const { label, size, clusterSize } = options
  if (label !== undefined && !/^(?! )[ !#$%&'()\-0-9@A-Z^_`{}~]{1,11}(?<! )$/.test(label))
    throw fieldError('label', JSON.stringify(label), "1 … 11 of A–Z 0–9 and !#$%&'()-@^_`{}~, spaces inside")
  if (size !== undefined) {
    checkWhole('size', size, 512, 0xffff_ffff * 512)
    if (size % 512 !== 0) throw fieldError('size', String(size), 'a multiple of 512')
  }
  if (clusterSize !== undefined) {
    checkWhole('clusterSize', clusterSize, 512, 32_768)
    if (!Number.isInteger(Math.log2(clusterSize)))
      throw fieldError('clusterSize', String(clusterSize), 'a power of two')
  }
}

function checkWhole(subject: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return
  throw fieldError(subject, String(value), `${min} … ${max}`)
}

function fieldError(subject: string, got: string, limit: string): DiskError {
  return new DiskError('ROS_DISK_FIELD', 'FAT volume cannot have this', { subject, got, limit })
}
