import type { Tree } from '@ros/tree'
import type { Container } from './container.ts'
import { hostDirectory } from './host-directory.ts'
import type { Spool } from './spool.ts'
import { findTarget, openPlace, type Place } from './target.ts'

/** What a target names, opened: a directory of the host, or a place. */
export type Looked =
  | { readonly type: 'directory'; readonly tree: Tree }
  /** `container`: what the place itself is; undefined for what is none, and for a directory in one. */
  | { readonly type: 'place'; readonly place: Place; readonly container?: Container }

/** Finds and opens what a text names. Throws as `findTarget`, and what readers throw. */
export async function lookAt(target: string, spool: Spool): Promise<Looked> {
  const tree = hostDirectory(target)
  if (tree) return { type: 'directory', tree }
  const place = await findTarget(target, spool)
  const container = await openPlace(place, spool)
  return { type: 'place', place, ...(container && { container }) }
}
