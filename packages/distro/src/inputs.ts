import { fetchDebs, type PackageRecord, readHostIndex, resolvePackages } from '@ros/debian'
import type { Store } from '@ros/store'
import type { ProgressSink } from './progress.ts'
import type { Recipe } from './recipe-schema.ts'

/** The Debian packages of each part, dependencies included, sorted by name. */
export interface Sets {
  readonly kernel: readonly PackageRecord[]
  readonly engine: readonly PackageRecord[]
  readonly base: readonly PackageRecord[]
  /** By service: what it has beyond the base. */
  readonly services: ReadonlyMap<string, readonly PackageRecord[]>
  readonly loader: readonly PackageRecord[]
  /** Empty when the recipe's ISO starts under BIOS only. */
  readonly uefi: readonly PackageRecord[]
}

/** Resolves every package that the recipe names against the host's package lists, and fetches those not in the store. */
export async function resolveInputs(
  recipe: Recipe,
  store: Store,
  report: ProgressSink,
  signal: AbortSignal | undefined,
): Promise<Sets> {
  report({ step: 'resolve', text: 'reading package lists' })
  const index = await readHostIndex({ architecture: recipe.arch })
  const resolve = (part: { debian: readonly string[]; without: readonly string[] }) =>
    resolvePackages(index, part.debian, { exclude: part.without })
  const base = resolve(recipe.images.base)
  const inBase = new Set(base.map(({ name }) => name))
  const services = new Map<string, readonly PackageRecord[]>()
  for (const [name, service] of Object.entries(recipe.images.services)) {
    services.set(
      name,
      service.debian.length === 0 ? [] : resolve(service).filter((record) => !inBase.has(record.name)),
    )
  }
  const sets: Sets = {
    kernel: resolve(recipe.kernel),
    engine: resolve(recipe.engine),
    base,
    services,
    loader: resolve(recipe.loader),
    uefi: recipe.uefi ? resolve(recipe.uefi) : [],
  }
  const all = [sets.kernel, sets.engine, sets.base, ...services.values(), sets.loader, sets.uefi].flat()
  const unique = [...new Map(all.map((record) => [record.digest, record])).values()]
  report({ step: 'fetch', text: `${unique.length} Debian packages` })
  await fetchDebs(unique, store, {
    onProgress: ({ packages, bytes, bytesDone }) => {
      report({
        step: 'fetch',
        text: `downloading ${packages} Debian packages`,
        done: bytesDone,
        total: bytes,
      })
    },
    ...(signal && { signal }),
  })
  return sets
}

/** What stands for a set of packages in a cache key. */
export function setKey(records: readonly PackageRecord[]): string[] {
  return records.map(({ name, digest }) => `${name} ${digest}`)
}
