import { openStore, parseRewrites, type Rewrite } from '@ros/store'
import { DistroError } from './error.ts'
import { readLock, writeLock } from './lock-file.ts'
import type { Lock } from './lock-schema.ts'
import { openNetwork } from './network.ts'
import { type OpenedRecipe, openRecipe } from './open-recipe.ts'
import type { ProgressSink } from './progress.ts'
import type { Recipe } from './recipe-schema.ts'
import { driftError, lockDrift, resolveRecipe } from './resolve.ts'
import type { SourceContext } from './sources/context.ts'
import { debianAccess } from './sources/debian-access.ts'

/** Where inputs come from; the same for `lock` and `build`. */
export interface InputOptions {
  /** A recipe's file, or the name of a built-in one; default `rancheros.yml` in `folder`, else the built-in `debian`. */
  readonly recipe?: string
  /** Where relative names start from. */
  readonly folder: string
  /** Architecture in place of the recipe's: `amd64`, `arm64`. */
  readonly arch?: string
  /** The lock's file; default `rancheros.lock.json` beside the recipe, `rancheros.<arch>.lock.json` where `arch` is given. */
  readonly lock?: string
  /** No network: what is not in the cache is an error. */
  readonly offline?: boolean
  /** `FROM=TO`: addresses that begin with FROM are looked for at TO. Before those of the recipe. */
  readonly rewrites?: readonly string[]
  /** Mirrors of Debian, divided by white space, in place of the host's apt. Before those of the recipe. */
  readonly mirror?: string
  /** File of the keys that are believed for them. */
  readonly keyring?: string
  /** `lock` may pin a file by what a server gives now. */
  readonly pinNew?: boolean
  /** Folder of the cache: downloads and finished parts by digest. */
  readonly cache: string
  readonly onProgress?: ProgressSink
  readonly signal?: AbortSignal
}

export interface Session extends OpenedRecipe {
  readonly context: SourceContext
}

/** Opens recipe and cache. Nothing is resolved yet. */
export async function openSession(options: InputOptions): Promise<Session> {
  const { signal, offline = false } = options
  const report: ProgressSink = (progress) => {
    signal?.throwIfAborted()
    options.onProgress?.(progress)
  }
  const opened = await openRecipe(options.recipe, options.folder, options.arch)
  const store = await openStore(options.cache)
  const { recipe, folder } = opened
  const now = new Date()
  const rewrites = [...parseRewrites(options.rewrites ?? []), ...recipeRewrites(recipe)]
  const network = openNetwork({ offline, rewrites, report, signal })
  const { mirror, keyring, pinNew = false } = options
  const debian = debianAccess({ recipe, folder, store, network, mirror, keyring, now, report, signal })
  const { arch } = recipe
  const context: SourceContext = { arch, folder, store, network, debian, pinNew, now, report, signal }
  return { ...opened, lockPath: options.lock ?? opened.lockPath, context }
}

/** Resolves the recipe and writes its lock. */
export async function lock(options: InputOptions): Promise<{ lock: Lock; path: string }> {
  const { recipe, lockPath, context } = await openSession(options)
  const made = await resolveRecipe(recipe, context)
  await writeLock(lockPath, made)
  return { lock: made, path: lockPath }
}

/**
 * The lock to build from: the one that was written, where it holds; else the recipe is resolved anew, for this build only; where only local
 * files have changed, the rest stays as it was locked. With
 * `locked` there must be one and it must hold: `ROS_LOCK_MISSING`, `ROS_LOCK_DRIFT`.
 */
export async function lockFor(session: Session, locked: boolean): Promise<Lock> {
  const { recipe, lockPath, context } = session
  const written = await readLock(lockPath)
  if (written === undefined) {
    if (!locked) return resolveRecipe(recipe, context)
    throw new DistroError('ROS_LOCK_MISSING', 'there is no lock', {
      subject: lockPath,
      hint: 'rancheros-kit lock writes it',
    })
  }
  const drift = await lockDrift(recipe, written, context)
  if (drift.length === 0) return written
  if (locked) throw driftError(drift, lockPath)
  context.report({ step: 'resolve', text: `the lock does not hold (${drift.join('; ')}): resolving anew` })
  return resolveRecipe(recipe, context, written)
}

/** A rule of the user for the same addresses stands before the recipe's: it is found first. */
function recipeRewrites({ rewrite = [] }: Recipe): Rewrite[] {
  return rewrite.map(({ from, to }) => ({ from, to: typeof to === 'string' ? [to] : to }))
}
