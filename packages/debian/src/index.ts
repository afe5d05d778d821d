export { type DebArchive, type DebMember, debMembers, memberChunks, readDeb } from './deb.ts'
export { type DebReference, debTree } from './deb-tree.ts'
export { type Paragraph, parseParagraphs } from './deb822.ts'
export { DebianError, type DebianErrorCode } from './error.ts'
export { type FetchOptions, type FetchProgress, fetchDebs } from './fetch.ts'
export type { HostApt } from './host-apt.ts'
export { type HostIndexOptions, readHostIndex } from './host-index.ts'
export { type MergeOptions, mergeDebs } from './merge.ts'
export { answers, createIndex, type PackageIndex, type RecordGroup } from './package-index.ts'
export { type DebFile, type PackageRecord, parsePackages } from './package-record.ts'
export { privateApt } from './private-apt.ts'
export {
  formatRelation,
  parseRelations,
  type Relation,
  type Relations,
  satisfies,
  type VersionOperator,
} from './relation.ts'
export { parseRelease, type ReleaseFile } from './release-file.ts'
export {
  archivePath,
  fetchRelease,
  type MirrorAccess,
  mirrorSources,
  type Repository,
  type RepositorySuite,
} from './repository.ts'
export { type RepositoryIndexOptions, readRepositoryIndex } from './repository-index.ts'
export { type ResolveOptions, resolvePackages } from './resolve.ts'
export { didYouMean } from './similar-names.ts'
export { type ReadTarOptions, readTar } from './tar.ts'
export { type UsrMergeOptions, usrMerge } from './usr-merge.ts'
export { checkVersion, compareVersions } from './version.ts'
