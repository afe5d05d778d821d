import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { type Digest, fileSource, sha256, sha256Text } from '@ros/bytes/node'
import { directoryTree } from '@ros/kernel-fetch'
import { DistroError } from '../error.ts'
import type { LockedContent, LockedInput } from '../lock-schema.ts'
import { treeKey } from '../steps/step-key.ts'
import type { SourceContext } from './context.ts'

/** Pins a file, which goes into the store, or a directory, which stays where it is. */
export async function lockFile(
  context: SourceContext,
  source: { readonly path: string; readonly sha256?: string },
): Promise<LockedInput> {
  const path = resolve(context.folder, source.path)
  const kind = await kindOf(path)
  if (kind === undefined) throw missing(path)
  if (kind === 'directory') {
    if (source.sha256 !== undefined) {
      throw new DistroError('ROS_DISTRO_INPUT', 'a directory has no SHA-256', {
        subject: path,
        hint: 'take sha256 out of the recipe: the lock has the digest of the tree',
      })
    }
    return { directory: await directoryDigest(path) }
  }
  const content = await fileContent(path)
  if (source.sha256 !== undefined && content.digest !== `sha256:${source.sha256}`) {
    throw new DistroError('ROS_DISTRO_DIGEST', 'file has another digest than the recipe says', {
      subject: path,
      got: content.digest,
      limit: `sha256:${source.sha256}`,
    })
  }
  await context.store.putFile(path, { ...content, subject: path })
  return { content }
}

/** What a file is now; undefined when it is not there. */
export async function presentFile(
  context: SourceContext,
  source: { readonly path: string },
): Promise<LockedInput | undefined> {
  const path = resolve(context.folder, source.path)
  const kind = await kindOf(path)
  if (kind === undefined) return undefined
  return kind === 'directory'
    ? { directory: await directoryDigest(path) }
    : { content: await fileContent(path) }
}

/** Pins several files, which go into the store. A directory is none: `ROS_DISTRO_INPUT`. */
export async function lockFiles(context: SourceContext, paths: readonly string[]): Promise<LockedInput> {
  const contents: LockedContent[] = []
  for (const path of paths) {
    const locked = await lockFile(context, { path })
    if (!('content' in locked)) throw missing(resolve(context.folder, path))
    contents.push(locked.content)
  }
  return { contents }
}

/** Whether one of the files that are there is not what was pinned. */
export async function filesDiffer(
  context: SourceContext,
  paths: readonly string[],
  contents: readonly LockedContent[],
): Promise<boolean> {
  if (paths.length !== contents.length) return true
  for (const [index, path] of paths.entries()) {
    const present = await presentFile(context, { path })
    if (present && !('content' in present && present.content.digest === contents[index]?.digest)) return true
  }
  return false
}

async function fileContent(path: string): Promise<LockedContent> {
  const source = fileSource(path)
  return { name: basename(path), size: source.size, digest: await sha256(source) }
}

/** Digest of all names, modes, times and contents of a directory. */
export async function directoryDigest(path: string): Promise<Digest> {
  const tree = directoryTree(path)
  const times = [...tree].map(({ node }) => node.mtime)
  return sha256Text(JSON.stringify([await treeKey(tree), times]))
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file'
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new DistroError('ROS_DISTRO_INPUT', 'cannot read an input', { subject: path, cause })
  }
}

export function missing(path: string): DistroError {
  return new DistroError('ROS_DISTRO_INPUT', 'no such file or directory', {
    subject: path,
    hint: "paths in a recipe start from the recipe's own folder",
  })
}
