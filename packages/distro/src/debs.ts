import { type DebReference, debTree, mergeDebs, usrMerge } from '@ros/debian'
import type { Store } from '@ros/store'
import type { Tree } from '@ros/tree'

/**
 * The files of several packages as one tree, with `bin`, `sbin` and `lib*` below `usr`. With `sbin: 'bin'` programs of
 * `usr/sbin` go to `usr/bin`, as in RancherOS's initrd.
 */
export async function mergedTree(
  store: Store,
  records: readonly DebReference[],
  sbin: 'keep' | 'bin' = 'keep',
): Promise<Tree> {
  const trees = new Map<string, Tree>()
  for (const record of records) {
    trees.set(record.name, await usrMerge(await debTree(store, record), { sbin }))
  }
  return mergeDebs(trees)
}
