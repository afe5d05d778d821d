export type { IsoArea } from './area.ts'
export { IsoError, type IsoErrorCode } from './error.ts'
export type { IsoNames } from './identifier.ts'
export { isoSource } from './iso-source.ts'
export { describeAreas, describeLayout, type IsoLayout, layoutIso } from './layout.ts'
export { lintIso } from './lint-iso.ts'
export { type IsoRule, isoRules } from './lint-rules.ts'
export type {
  AppendedPartition,
  BiosBoot,
  GptOptions,
  HybridBoot,
  IsoBoot,
  IsoOptions,
  UefiBoot,
} from './options.ts'
export { type IsoImage, type IsoVolume, type ReadIsoOptions, readIso } from './read.ts'
export type { BootEntry } from './read-boot.ts'
export { readSectors, type SectorRun } from './read-sectors.ts'
export type { Hierarchy } from './read-tree.ts'
export { type RemasteredIso, remasterIso } from './remaster.ts'
export { type WriteIsoOptions, writeIso } from './write.ts'
