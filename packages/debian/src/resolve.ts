import { compareNames } from '@ros/bytes'
import { checkConflicts } from './conflicts.ts'
import { answers, type PackageIndex } from './package-index.ts'
import type { PackageRecord } from './package-record.ts'
import { parseRelations, type Relation, satisfies } from './relation.ts'
import { rootRelation } from './root-relation.ts'
import { type Constraints, unmetError } from './unmet.ts'

/** What a closure of dependencies leaves out. */
export interface ResolveOptions {
  /**
   * Packages that no dependency brings in: the edges to them are cut, and what depends on them is taken without them.
   * A package in `names` is taken all the same.
   */
  readonly exclude?: readonly string[]
}

/**
 * The packages named and all that they need by Pre-Depends and Depends, sorted by name; Recommends are not followed, and
 * essential packages are not implied. A name may carry a version: `libc6 (>= 2.36)`. Per package the preferred version
 * that satisfies everyone is taken. Of alternatives, one that is taken anyway is used, else the first that exists; of
 * several providers the one with the highest Debian priority, then the first by name. Same index, same result: the order
 * of `names` does not matter.
 *
 * Throws `ROS_DEBIAN_PACKAGE_UNKNOWN` for a name that nothing has, `ROS_DEBIAN_DEPENDENCY` for a dependency that nothing
 * meets, `ROS_DEBIAN_CONFLICT` when no version suits all, or packages taken together conflict with or break one another.
 */
export function resolvePackages(
  index: PackageIndex,
  names: readonly string[],
  options: ResolveOptions = {},
): PackageRecord[] {
  const roots = [...new Set(names)].sort(compareNames).map((name) => rootRelation(index, name))
  const excluded = new Set(options.exclude)
  for (const root of roots) excluded.delete(root.name)
  const constraints: Constraints = new Map()
  // Each restart rules out the version that was preferred for one package so far, so there is an end.
  for (;;) {
    const taken = closure(index, roots, excluded, constraints)
    if (taken === 'restart') continue
    const records = [...taken.values()]
    checkConflicts(index, records)
    return records.sort((a, b) => compareNames(a.name, b.name))
  }
}

interface Wish {
  readonly group: readonly Relation[]
  readonly by: string
}

function closure(
  index: PackageIndex,
  roots: readonly Relation[],
  excluded: ReadonlySet<string>,
  constraints: Constraints,
): Map<string, PackageRecord> | 'restart' {
  const taken = new Map<string, PackageRecord>()
  const definite: Wish[] = roots.map((root) => ({ group: [root], by: 'the list of packages' }))
  // Choices wait until everything certain is taken: then they are most often made already.
  const open: Wish[] = []

  const allowed = (record: PackageRecord) =>
    (constraints.get(record.name) ?? []).every(({ relation }) => satisfies(record.version, relation))
  const candidates = (relation: Relation) =>
    [...index.versions(relation.name), ...index.providers(relation.name)].filter(
      (record) => answers(record, relation, index.architecture) && allowed(record) && !taken.has(record.name),
    )
  const isMet = (relation: Relation) =>
    [relation.name, ...index.providers(relation.name).map(({ name }) => name)].some((name) => {
      const present = taken.get(name)
      return present !== undefined && answers(present, relation, index.architecture)
    })
  const take = (record: PackageRecord) => {
    taken.set(record.name, record)
    const self = `${record.name} ${record.version}`
    for (const text of [record.preDepends, record.depends])
      for (const group of parseRelations(text, self)) definite.push({ group, by: self })
  }

  while (definite.length > 0 || open.length > 0) {
    const isChoice = definite.length === 0
    const wish = (isChoice ? open : definite).shift() as Wish
    const { group, by } = wish
    if (group.some(isMet)) continue
    const options = group.map(candidates).find((found) => found.length > 0) ?? []
    const [pick] = options
    if (pick === undefined) {
      if (group.some((relation) => excluded.has(relation.name))) continue
      const tooOther = group.find((relation) => {
        const present = taken.get(relation.name)
        return present !== undefined && !satisfies(present.version, relation)
      })
      if (tooOther === undefined) throw unmetError(index, group, by, constraints)
      const known = constraints.get(tooOther.name) ?? []
      constraints.set(tooOther.name, [...known, { relation: tooOther, by }])
      return 'restart'
    }
    const isCertain = group.length === 1 && (pick.name === group[0]?.name || options.length === 1)
    if (!isCertain && !isChoice) open.push(wish)
    else if (!excluded.has(pick.name)) take(pick)
  }
  return taken
}
