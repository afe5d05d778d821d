export {
  type DiskArea,
  type DiskLayout,
  type DiskOptions,
  layoutDisk,
  type PartitionOptions,
  writeDisk,
} from './disk-layout.ts'
export { DiskError, type DiskErrorCode } from './error.ts'
export type { FatType } from './fat-geometry.ts'
export { type FatArea, type FatLayout, layoutFat, writeFat } from './fat-layout.ts'
export type { FatOptions } from './fat-options.ts'
export { lintFat } from './lint-fat.ts'
export { type FatRule, fatRules } from './lint-rules.ts'
export { type EmptyQcow2Options, type Qcow2Options, writeEmptyQcow2, writeQcow2 } from './qcow2.ts'
export { looksLikeExt } from './read-ext-super.ts'
export { type ExtImage, readExt4 } from './read-ext4.ts'
export { type FatImage, readFat } from './read-fat.ts'
export { looksLikeFat } from './read-fat-boot.ts'
export { type Qcow2Image, readQcow2 } from './read-qcow2.ts'
export { installSyslinux, ldlinuxPlaceholder, type SyslinuxOptions } from './syslinux.ts'
export { findSyslinux, type SyslinuxBlobs } from './syslinux-blobs.ts'
export { type VhdOptions, writeVhd } from './vhd.ts'
export { type VmdkOptions, writeVmdk } from './vmdk.ts'
