import { compareNames } from '@ros/bytes'
import type { PackageRecord } from './package-record.ts'
import { parseRelations, type Relation, satisfies } from './relation.ts'
import { compareVersions } from './version.ts'

/** Packages to choose from, for one architecture. */
export interface PackageIndex {
  readonly architecture: string
  /** Versions of a package, the preferred one first; empty when unknown. */
  versions(name: string): readonly PackageRecord[]
  /** Packages that provide a name and are not called so, the preferred one first. */
  providers(name: string): readonly PackageRecord[]
  /** Every package name, in bytewise order; provided names are not among them. */
  names(): readonly string[]
}

/** Records from one place, and how it is preferred: a higher number wins over a newer version, as with apt's pins. */
export interface RecordGroup {
  readonly preference: number
  readonly records: Iterable<PackageRecord>
}

/** An index of those records that run on `architecture`. Of records with equal preference the newest comes first. */
export function createIndex(groups: readonly RecordGroup[], architecture: string): PackageIndex {
  const byName = new Map<string, PackageRecord[]>()
  const byProvided = new Map<string, Set<string>>()
  const preference = new Map<PackageRecord, number>()
  for (const group of [...groups].sort((a, b) => b.preference - a.preference)) {
    for (const record of group.records) {
      if (record.architecture !== architecture && record.architecture !== 'all') continue
      preference.set(record, group.preference)
      add(byName, record)
      for (const { name } of provided(record)) {
        const names = byProvided.get(name) ?? new Set()
        byProvided.set(name, names.add(record.name))
      }
    }
  }
  const preferred = (a: PackageRecord, b: PackageRecord) =>
    (preference.get(b) ?? 0) - (preference.get(a) ?? 0) || compareVersions(b.version, a.version)
  for (const versions of byName.values()) versions.sort(preferred)
  return {
    architecture,
    versions: (name) => byName.get(name) ?? [],
    providers(name) {
      const names = [...(byProvided.get(name) ?? [])].filter((provider) => provider !== name)
      const latest = names.flatMap((provider) => (byName.get(provider) ?? []).slice(0, 1))
      return latest
        .filter((record) => provided(record).some((relation) => relation.name === name))
        .sort((a, b) => rank(a) - rank(b) || compareNames(a.name, b.name))
    },
    names: () => [...byName.keys()].sort(compareNames),
  }
}

/** Whether the record is what the relation asks for, by its own name or by one it provides. */
export function answers(record: PackageRecord, relation: Relation, architecture: string): boolean {
  const qualifier = relation.architecture
  if (
    qualifier !== undefined &&
    qualifier !== 'any' &&
    qualifier !== 'native' &&
    qualifier !== architecture
  ) {
    return false
  }
  if (record.name === relation.name && satisfies(record.version, relation)) return true
  return provided(record).some(
    (offer) =>
      offer.name === relation.name &&
      // An offer without a version answers only those who ask for none (policy §7.5).
      (relation.version === undefined || (offer.version !== undefined && satisfies(offer.version, relation))),
  )
}

function provided(record: PackageRecord): readonly Relation[] {
  if (record.provides === '') return []
  return parseRelations(record.provides, `${record.name} ${record.version}, Provides`).flat()
}

function add(byName: Map<string, PackageRecord[]>, record: PackageRecord): void {
  const versions = byName.get(record.name)
  if (versions === undefined) byName.set(record.name, [record])
  // The same build is often listed by several suites.
  else if (!versions.some((known) => known.digest === record.digest)) versions.push(record)
}

/** Debian's own word on which provider is the usual one (policy §2.5). */
function rank(record: PackageRecord): number {
  const order = ['required', 'important', 'standard', 'optional']
  const position = order.indexOf(record.priority)
  return position < 0 ? order.length : position
}
