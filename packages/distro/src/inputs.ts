import { resolve } from 'node:path'
import { isWhole } from '@ros/store'
import { DistroError } from './error.ts'
import type { Input } from './input.ts'
import { lockContents } from './lock-contents.ts'
import type { Lock, LockedContent, LockedInput, LockedPackage } from './lock-schema.ts'
import type { Recipe } from './recipe-schema.ts'
import { recipeParts, type Source } from './source.ts'
import { buildRos } from './sources/build-ros.ts'
import type { SourceContext } from './sources/context.ts'
import { fetchPackages, packagesOf } from './sources/debian.ts'
import { lockFile } from './sources/file.ts'
import { fetchDaemonImages, fetchImages } from './sources/images.ts'
import { kitRos } from './sources/kit-ros.ts'
import { fetchUrl } from './sources/url.ts'

/** Every part of the system, here and proven. */
export interface Inputs {
  /** Absent when only a root file system is built. */
  readonly kernel?: Input
  readonly engine: Input
  /** A release of static docker binaries; layout v0.4: the docker binary. */
  readonly docker?: Input
  /** Layout v0.4: the service images. */
  readonly images?: Input
  readonly base?: Input
  /** By service: the packages that it has beyond the base. */
  readonly services: ReadonlyMap<string, readonly LockedPackage[]>
  /** Absent when there is no ISO. */
  readonly loader?: Input
  /** Absent when the recipe's ISO starts under BIOS only. */
  readonly uefi?: Input
  readonly ros: Input
  readonly osConfig?: Input
}

/** Brings what the lock names into the store: after this no network is needed. */
export async function fetchInputs(recipe: Recipe, lock: Lock, context: SourceContext): Promise<Inputs> {
  await dropDamaged(lock, context)
  await fetchPackages(context, lock.packages)
  const found = new Map<string, Input>()
  const open = async (source: Source, locked: LockedInput): Promise<Input> => {
    if ('packages' in locked) return { kind: 'packages', packages: packagesOf(lock, locked) }
    if ('images' in locked) return fetchImages(context, locked)
    if ('daemonImages' in locked) return fetchDaemonImages(context, locked)
    if ('inside' in locked && source.kind === 'inside')
      return { kind: 'inside', path: locked.inside, of: await open(source.of, locked.of) }
    if ('directory' in locked && source.kind === 'file')
      return { kind: 'directory', path: resolve(context.folder, source.path), digest: locked.directory }
    if ('module' in locked && source.kind === 'build') {
      const content = await buildRos(context, source.path, locked.module, recipe.version)
      return { kind: 'content', name: 'ros', content }
    }
    if ('contents' in locked && source.kind === 'files') {
      const open = async ({ name, digest, size }: LockedContent, index: number) => {
        const path = source.paths[index]
        if (!(await context.store.has(digest, size)) && path !== undefined) await lockFile(context, { path })
        return { kind: 'content' as const, name, content: await context.store.source(digest, size) }
      }
      return { kind: 'contents', contents: await Promise.all(locked.contents.map(open)) }
    }
    if (!('content' in locked)) throw new Error(`the lock has another kind of source than ${source.kind}`)
    const { name, digest, size } = locked.content
    if (!(await context.store.has(digest, size))) {
      if (source.kind === 'file') await lockFile(context, source)
      if (source.kind === 'url') await fetchUrl(context, source, locked.content)
      if (source.kind === 'kit') await lockFile(context, { path: kitRos(context.arch) })
    }
    return { kind: 'content', name, content: await context.store.source(digest, size) }
  }
  for (const [name, source] of recipeParts(recipe)) {
    const locked = lock.parts[name]
    if (locked) found.set(name, await open(source, locked))
  }
  const services = new Map<string, readonly LockedPackage[]>()
  for (const name of Object.keys(recipe.images.services)) {
    const input = found.get(`images.${name}`)
    services.set(name, input?.kind === 'packages' ? input.packages : [])
  }
  const optional = Object.fromEntries(
    (['kernel', 'docker', 'images', 'base', 'loader', 'uefi', 'osConfig'] as const).flatMap((name) => {
      const input = found.get(name)
      return input ? [[name, input]] : []
    }),
  )
  return {
    ...optional,
    engine: present(found.get('engine'), 'engine'),
    services,
    ros: present(found.get('ros'), 'ros'),
  }
}

/** An input that this recipe must have. */
export function present(input: Input | undefined, name: string): Input {
  if (input) return input
  throw new DistroError('ROS_DISTRO_INPUT', 'the lock lacks a part', {
    subject: name,
    hint: 'write the lock anew: rancheros-kit lock',
  })
}

/** An input whose bytes are not what they were is removed, so that it is fetched again. Reading all takes less than half a second. */
async function dropDamaged(lock: Lock, { store, report }: SourceContext): Promise<void> {
  for (const { name, digest, size } of await lockContents(lock, store)) {
    if (!(await store.has(digest, size)) || (await isWhole(store, digest))) continue
    report({ step: 'fetch', text: `${name} is damaged in the cache: it is fetched again` })
    await store.remove(digest)
  }
}
