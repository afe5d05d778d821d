import type { ByteSource } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import type { Store } from '@ros/store'
import type { Tree } from '@ros/tree'
import { debMembers, memberChunks } from './deb.ts'
import { readTar } from './tar.ts'

/** A .deb that is in a store: every `PackageRecord` is one. */
export interface DebReference {
  /** For errors. */
  readonly name: string
  readonly digest: Digest
  readonly size?: number
}

/**
 * The files of a package as a tree: names, modes, owners and times as the package has them. Its data archive is
 * decompressed once, into the store; the tree's files are slices of that. Maintainer scripts are not run, and not read.
 * Throws `ROS_STORE_MISSING` before `fetchDebs`, `ROS_DEBIAN_DEB` and `ROS_DEBIAN_TAR` for damaged or hostile packages.
 */
export async function debTree(store: Store, deb: DebReference): Promise<Tree> {
  return readTar(await dataTar(store, deb), deb.name)
}

async function dataTar(store: Store, deb: DebReference): Promise<ByteSource> {
  const source = await store.source(deb.digest, deb.size)
  const { data } = await debMembers(source, deb.name)
  if (data.format === undefined) return data.source
  return store.derived(`debian data.tar 1 ${deb.digest}`, () => memberChunks(data))
}
