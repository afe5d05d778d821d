import { compareNames } from '@ros/bytes'
import { Tree } from '@ros/tree'
import { type Claim, combine } from './combine.ts'
import { DebianError } from './error.ts'

/** What decides where packages disagree about a path. */
export interface MergeOptions {
  /**
   * Whose file counts where packages have different ones, by path: what dpkg's diversions and Replaces decide on an
   * installed system.
   */
  readonly winners?: ReadonlyMap<string, string>
}

/**
 * The trees of several packages, by package name, as one. Their order does not matter. Directories are shared, and equal
 * files; different files at one path throw `ROS_DEBIAN_CLASH` unless `winners` names a package. Merge trees after
 * `usrMerge`, else the old and the new place of a directory may clash.
 */
export async function mergeDebs(trees: ReadonlyMap<string, Tree>, options: MergeOptions = {}): Promise<Tree> {
  const claims = new Map<string, Claim[]>()
  const roots: Claim[] = []
  for (const [from, tree] of trees) {
    roots.push({ from, node: tree.root })
    for (const { path, node } of tree) {
      const claim = { from, node }
      const known = claims.get(path)
      if (known) known.push(claim)
      else claims.set(path, [claim])
    }
  }
  const merged = new Tree()
  const root = roots.length > 0 ? await combine('/', roots, '') : merged.root
  if (root.type === 'directory') merged.root = root
  for (const path of [...claims.keys()].sort(compareNames)) {
    const wanted = chosen(path, claims.get(path) ?? [], options.winners?.get(path))
    merged.add(
      path,
      await combine(path, wanted, 'name the package whose file counts, or leave one package out'),
    )
  }
  return merged
}

function chosen(path: string, claims: readonly Claim[], winner: string | undefined): readonly Claim[] {
  if (winner === undefined || claims.length < 2) return claims
  const own = claims.filter(({ from }) => from === winner)
  if (own.length > 0) return own
  throw new DebianError('ROS_DEBIAN_CLASH', 'the package that should win has no such file', {
    subject: path,
    got: winner,
    limit: claims.map(({ from }) => from).join(', '),
  })
}
