import type { PackageRecord } from '@ros/debian'
import { DistroError } from './error.ts'
import { recipeDigest, sortedPackages } from './lock-file.ts'
import type { Lock, LockedInput, LockedPackage } from './lock-schema.ts'
import type { Recipe } from './recipe-schema.ts'
import { recipeParts, type Source } from './source.ts'
import { moduleDigest } from './sources/build-ros.ts'
import type { SourceContext } from './sources/context.ts'
import { lockedPackage, packageId, resolveDebian } from './sources/debian.ts'
import { filesDiffer, lockFile, lockFiles, presentFile } from './sources/file.ts'
import { lockImages } from './sources/images.ts'
import { kitRos } from './sources/kit-ros.ts'
import { lockUrl } from './sources/url.ts'

/** Finds every input that the recipe names, by digest. Asks package lists and the network; downloads no packages. */
export async function resolveRecipe(recipe: Recipe, context: SourceContext, earlier?: Lock): Promise<Lock> {
  context.report({ step: 'resolve', text: 'looking up what the recipe names' })
  const kept = earlier?.recipe.digest === recipeDigest(recipe) ? earlier : undefined
  const packages = new Map<string, LockedPackage>((kept?.packages ?? []).map((one) => [packageId(one), one]))
  const parts: Record<string, LockedInput> = {}
  const lockPackages = (records: readonly PackageRecord[]): LockedInput => {
    const locked = records.map(lockedPackage)
    for (const one of locked) packages.set(packageId(one), one)
    return { packages: locked.map(packageId) }
  }
  const lock = async (source: Source): Promise<LockedInput> => {
    switch (source.kind) {
      case 'debian':
        return lockPackages(await resolveDebian(context, source))
      case 'inside':
        return { inside: source.path, of: await lock(source.of) }
      case 'build':
        return { module: await moduleDigest(context, source) }
      case 'image':
      case 'daemon':
        return lockImages(context, recipe, source)
      case 'url':
        return lockUrl(context, source)
      case 'files':
        return lockFiles(context, source.paths)
      case 'file':
        return lockFile(context, source)
      case 'kit':
        return lockFile(context, { path: kitRos(context.arch) })
    }
  }
  for (const [name, source] of recipeParts(recipe)) {
    const before = kept?.parts[name]
    parts[name] = before && !(await differs(source, before, context)) ? before : await lock(source)
  }
  const base = parts['base']
  const inBase = new Set(
    base && 'packages' in base ? base.packages.map((id) => id.slice(0, id.indexOf('_'))) : [],
  )
  for (const [name, part] of Object.entries(parts)) {
    // What the base has, no layer above it carries again, in whichever version.
    if (name.startsWith('images.') && 'packages' in part)
      part.packages = part.packages.filter((id) => !inBase.has(id.slice(0, id.indexOf('_'))))
  }
  const used = new Set(Object.values(parts).flatMap(packageIds))
  return {
    lockVersion: 1,
    recipe: {
      name: recipe.name,
      version: recipe.version,
      arch: recipe.arch,
      digest: recipeDigest(recipe),
    },
    parts,
    packages: sortedPackages(packages.values()).filter((one) => used.has(packageId(one))),
  }
}

function packageIds(input: LockedInput): string[] {
  if ('of' in input) return packageIds(input.of)
  return 'packages' in input ? input.packages : []
}

/**
 * How the lock differs from the recipe and from the files that it names on this machine: one line each, none when it holds.
 * A file that is not here any more is no difference: the store has it.
 */
export async function lockDrift(recipe: Recipe, lock: Lock, context: SourceContext): Promise<string[]> {
  if (lock.recipe.digest !== recipeDigest(recipe)) return ['the recipe is another one']
  const drift: string[] = []
  for (const [name, source] of recipeParts(recipe)) {
    const locked = lock.parts[name]
    if (locked === undefined) drift.push(`${name}: not in the lock`)
    else if (await differs(source, locked, context)) drift.push(`${name}: ${placeOf(source)} has changed`)
  }
  return drift
}

async function differs(source: Source, locked: LockedInput, context: SourceContext): Promise<boolean> {
  switch (source.kind) {
    case 'inside':
      return !('of' in locked) || differs(source.of, locked.of, context)
    case 'build':
      return !('module' in locked) || (await moduleDigest(context, source)) !== locked.module
    case 'files':
      return !('contents' in locked) || filesDiffer(context, source.paths, locked.contents)
    case 'file':
    case 'kit': {
      const path = source.kind === 'file' ? source.path : kitRos(context.arch)
      const present = await presentFile(context, { path })
      return present !== undefined && identity(present) !== identity(locked)
    }
    case 'debian':
      return !('packages' in locked)
    case 'url':
      return !('content' in locked)
    case 'image':
      return !('images' in locked)
    case 'daemon':
      return !('daemonImages' in locked)
  }
}

function identity(input: LockedInput): string {
  if ('content' in input) return input.content.digest
  return 'directory' in input ? input.directory : JSON.stringify(input)
}

function placeOf(source: Source): string {
  if (source.kind === 'inside') return placeOf(source.of)
  if (source.kind === 'kit') return 'the ros of this kit'
  if (source.kind === 'files') return source.paths.join(', ')
  return 'path' in source ? source.path : source.kind
}

export function driftError(drift: readonly string[], lockPath: string): DistroError {
  return new DistroError('ROS_LOCK_DRIFT', 'the lock does not hold any more', {
    subject: lockPath,
    got: drift.join('; '),
    hint: 'rancheros-kit lock writes it anew',
  })
}
