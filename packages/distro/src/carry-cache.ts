import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fromBytes, fromText, readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readTar } from '@ros/debian'
import { writeTreeTar } from '@ros/images-tar'
import { openStore } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { DistroError } from './error.ts'
import { fetchInputs } from './inputs.ts'
import { type LockContent, lockContents, outsideInputs } from './lock-contents.ts'
import { formatLock, LOCK_NAME, parseLock } from './lock-file.ts'
import type { Lock } from './lock-schema.ts'
import { RECIPE_NAME } from './open-recipe.ts'
import { type InputOptions, lockFor, openSession } from './session.ts'

/** Content below this folder, by its digits, as the store names it. */
const CONTENTS = 'sha256'
const LOCK_LIMIT = 64 * 1024 ** 2

/** What `exportCache` has put into its archive. */
export interface Carried {
  readonly path: string
  readonly contents: readonly LockContent[]
  /** Parts that are not in it: a directory, a Go module. */
  readonly outside: readonly string[]
}

/**
 * Writes one tar with all that a build from the lock needs, so that a machine without a network can build the same: the recipe, the lock,
 * and every input. What the cache lacks is fetched first. The same lock gives the same bytes.
 */
export async function exportCache(options: InputOptions, path: string): Promise<Carried> {
  const session = await openSession(options)
  const { recipe, recipeFile, context } = session
  const lock = await lockFor(session, true)
  await fetchInputs(recipe, lock, context)
  const contents = await lockContents(lock, context.store)
  const tree = new Tree().addDirectories(CONTENTS)
  for (const { digest, size } of contents)
    tree.add(`${CONTENTS}/${digest.slice('sha256:'.length)}`, file(await context.store.source(digest, size)))
  tree.add(LOCK_NAME, file(fromText(formatLock(lock))))
  if (recipeFile !== undefined) tree.add(RECIPE_NAME, file(fromBytes(await readFile(recipeFile))))
  await replaceFile(path, writeTreeTar(tree), {
    onProgress: (done) => context.report({ step: 'export', text: `writing ${path}`, done }),
  })
  return { path, contents, outside: outsideInputs(lock) }
}

/** Which archive goes into which cache. */
export interface ImportOptions {
  readonly cache: string
  readonly path: string
  readonly onProgress?: InputOptions['onProgress']
  readonly signal?: AbortSignal
}

/** What `importCache` has taken in. */
export interface Imported {
  readonly contents: number
  readonly lock: Lock
  /** What goes beside each other in a project's folder: file names and contents. */
  readonly files: ReadonlyMap<string, string>
}

/** Takes a tar of `exportCache` into a cache. Each content is proven by its digest; names that are no digest are refused. */
export async function importCache({ cache, path, onProgress, signal }: ImportOptions): Promise<Imported> {
  const store = await openStore(cache)
  const tree = await readTar(fileSource(path), basename(path))
  const text = async (name: string) => {
    const node = tree.get(name)
    return node?.type === 'file'
      ? new TextDecoder().decode(await readAll(node.content, LOCK_LIMIT))
      : undefined
  }
  const lockText = await text(LOCK_NAME)
  if (lockText === undefined) throw notExported(path, `it has no ${LOCK_NAME}`)
  const lock = parseLock(lockText, `${basename(path)}:${LOCK_NAME}`)
  const names = tree.children(CONTENTS)
  for (const [index, name] of names.entries()) {
    signal?.throwIfAborted()
    const node = tree.get(`${CONTENTS}/${name}`)
    if (!/^[0-9a-f]{64}$/.test(name) || node?.type !== 'file')
      throw notExported(path, `${CONTENTS}/${name} is no content`)
    onProgress?.({ step: 'import', text: `${index + 1} of ${names.length} inputs` })
    await store.put(node.content.open(), { digest: `sha256:${name}`, size: node.content.size, subject: name })
  }
  const recipe = await text(RECIPE_NAME)
  const files = new Map([
    [LOCK_NAME, lockText],
    ...(recipe === undefined ? [] : [[RECIPE_NAME, recipe] as const]),
  ])
  return { contents: names.length, lock, files }
}

function notExported(path: string, got: string): DistroError {
  return new DistroError('ROS_DISTRO_CONTAINER', 'not what `cache export` writes', { subject: path, got })
}
