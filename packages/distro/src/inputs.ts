import { resolve } from 'node:path'
import { isWhole } from '@ros/store'
import { DistroError } from './error.ts'
import type { Input } from './input.ts'
import { lockContents } from './lock-contents.ts'
import type { Lock, LockedInput, LockedPackage } from './lock-schema.ts'
import type { Recipe } from './recipe-schema.ts'
import { recipeParts, type Source } from './source.ts'
import { buildRos } from './sources/build-ros.ts'
import type { SourceContext } from './sources/context.ts'
import { fetchPackages, packagesOf } from './sources/debian.ts'
import { lockFile } from './sources/file.ts'
import { kitRos } from './sources/kit-ros.ts'
import { fetchUrl } from './sources/url.ts'

/** Every part of the system, here and proven. */
export interface Inputs {
  readonly kernel: Input
  readonly engine: Input
  readonly base: Input
  /** By service: the packages that it has beyond the base. */
  readonly services: ReadonlyMap<string, readonly LockedPackage[]>
  readonly loader: Input
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
    if ('inside' in locked && source.kind === 'inside')
      return { kind: 'inside', path: locked.inside, of: await open(source.of, locked.of) }
    if ('directory' in locked && source.kind === 'file')
      return { kind: 'directory', path: resolve(context.folder, source.path), digest: locked.directory }
    if ('module' in locked && source.kind === 'build') {
      const content = await buildRos(context, source.path, locked.module, recipe.version)
      return { kind: 'content', name: 'ros', content }
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
  const part = (name: string): Input => {
    const input = found.get(name)
    if (input) return input
    throw new DistroError('ROS_DISTRO_INPUT', 'the lock lacks a part', {
      subject: name,
      hint: 'write the lock anew: rancheros-kit lock',
    })
  }
  const services = new Map<string, readonly LockedPackage[]>()
  for (const name of Object.keys(recipe.images.services)) {
    const input = found.get(`images.${name}`)
    services.set(name, input?.kind === 'packages' ? input.packages : [])
  }
  const uefi = found.get('uefi')
  const osConfig = found.get('osConfig')
  return {
    kernel: part('kernel'),
    engine: part('engine'),
    base: part('base'),
    services,
    loader: part('loader'),
    ...(uefi && { uefi }),
    ros: part('ros'),
    ...(osConfig && { osConfig }),
  }
}

/** An input whose bytes are not what they were is removed, so that it is fetched again. Reading all takes less than half a second. */
async function dropDamaged(lock: Lock, { store, report }: SourceContext): Promise<void> {
  for (const { name, digest, size } of lockContents(lock)) {
    if (!(await store.has(digest, size)) || (await isWhole(store, digest))) continue
    report({ step: 'fetch', text: `${name} is damaged in the cache: it is fetched again` })
    await store.remove(digest)
  }
}
