import { type PackageRecord, resolvePackages } from '@ros/debian'
import type { Lock, LockedInput, LockedPackage } from '../lock-schema.ts'
import type { Source } from '../source.ts'
import type { SourceContext } from './context.ts'

/** The packages that a source names, dependencies included, sorted by name. */
export async function resolveDebian(
  context: SourceContext,
  source: Source & { kind: 'debian' },
): Promise<readonly PackageRecord[]> {
  return resolvePackages(await context.debian.index(), source.names, { exclude: source.without })
}

/** A record as the lock keeps it. */
export function lockedPackage(record: PackageRecord): LockedPackage {
  const { name, version, architecture, source, filename, size, digest } = record
  return { name, version, architecture, source, filename, size, digest }
}

/** How the parts of a lock name a package. */
export function packageId({ name, version, architecture }: LockedPackage): string {
  return `${name}_${version}_${architecture}`
}

/** The packages of one part of a lock. */
export function packagesOf(lock: Lock, input: LockedInput & { packages: string[] }): LockedPackage[] {
  const wanted = new Set(input.packages)
  return lock.packages.filter((one) => wanted.has(packageId(one)))
}

/** Brings all packages of the lock into the store. */
export async function fetchPackages(
  context: SourceContext,
  packages: readonly LockedPackage[],
): Promise<void> {
  const { report, debian } = context
  const unique = [...new Map(packages.map((one) => [one.digest, one])).values()]
  report({ step: 'fetch', text: `${unique.length} Debian packages` })
  await debian.fetch(unique, ({ packages: count, bytes, bytesDone }) => {
    const text = `downloading ${count} Debian packages`
    report({ step: 'fetch', text, done: bytesDone, total: bytes })
  })
}
