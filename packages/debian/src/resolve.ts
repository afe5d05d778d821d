import { compareNames } from '@ros/bytes'
import { DebianError } from './error.ts'
import { answers, type PackageIndex } from './package-index.ts'
import type { PackageRecord } from './package-record.ts'
import { formatGroup, formatRelation, parseRelations, type Relation, satisfies } from './relation.ts'
import { didYouMean } from './similar-names.ts'

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
  const constraints = new Map<string, Relation[]>()
  // Each restart rules out the version that was preferred for one package so far, so there is an end.
  for (;;) {
    const taken = closure(index, roots, excluded, constraints)
    if (taken === 'restart') continue
    const records = [...taken.values()].map(({ record }) => record)
    checkConflicts(index, records)
    return records.sort((a, b) => compareNames(a.name, b.name))
  }
}

interface Taken {
  readonly record: PackageRecord
  /** Who asked for it first, for errors. */
  readonly by: string
}

interface Wish {
  readonly group: readonly Relation[]
  readonly by: string
}

function closure(
  index: PackageIndex,
  roots: readonly Relation[],
  excluded: ReadonlySet<string>,
  constraints: Map<string, Relation[]>,
): Map<string, Taken> | 'restart' {
  const taken = new Map<string, Taken>()
  const definite: Wish[] = roots.map((root) => ({ group: [root], by: 'the list of packages' }))
  // Choices wait until everything certain is taken: then they are most often made already.
  const open: Wish[] = []

  const allowed = (record: PackageRecord) =>
    (constraints.get(record.name) ?? []).every((relation) => satisfies(record.version, relation))
  const candidates = (relation: Relation) =>
    [...index.versions(relation.name), ...index.providers(relation.name)].filter(
      (record) => answers(record, relation, index.architecture) && allowed(record) && !taken.has(record.name),
    )
  const isMet = (relation: Relation) =>
    [relation.name, ...index.providers(relation.name).map(({ name }) => name)].some((name) => {
      const present = taken.get(name)
      return present !== undefined && answers(present.record, relation, index.architecture)
    })
  const take = (record: PackageRecord, by: string) => {
    taken.set(record.name, { record, by })
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
      const rival = group.map((relation) => taken.get(relation.name)).find((other) => other !== undefined)
      if (rival === undefined) throw unmet(index, wish)
      narrow(index, constraints, wish, rival)
      return 'restart'
    }
    const isCertain = group.length === 1 && (pick.name === group[0]?.name || options.length === 1)
    if (!isCertain && !isChoice) open.push(wish)
    else if (!excluded.has(pick.name)) take(pick, by)
  }
  return taken
}

/** Rules out the version of `rival` that was taken, for all further tries; throws when no version is left. */
function narrow(index: PackageIndex, constraints: Map<string, Relation[]>, wish: Wish, rival: Taken): void {
  const { name, version } = rival.record
  const relation = wish.group.find((alternative) => alternative.name === name)
  const all = [...(constraints.get(name) ?? []), ...(relation ? [relation] : [])]
  const isLeft = index
    .versions(name)
    .some((record) => all.every((constraint) => satisfies(record.version, constraint)))
  if (!isLeft || !relation || satisfies(version, relation)) {
    throw new DebianError('ROS_DEBIAN_CONFLICT', `requires ${formatGroup(wish.group)}`, {
      subject: wish.by,
      got: `${name} ${version}, which ${rival.by} asks for`,
      limit: `versions in the index: ${known(index, name)}`,
    })
  }
  constraints.set(name, all)
}

function checkConflicts(index: PackageIndex, records: readonly PackageRecord[]): void {
  for (const record of records) {
    const subject = `${record.name} ${record.version}`
    for (const field of ['conflicts', 'breaks'] as const) {
      for (const relation of parseRelations(record[field], subject).flat()) {
        const other = records.find((one) => one !== record && answers(one, relation, index.architecture))
        if (other === undefined) continue
        throw new DebianError('ROS_DEBIAN_CONFLICT', `${field} ${formatRelation(relation)}`, {
          subject,
          got: `${other.name} ${other.version}`,
          hint: 'leave one of the two out of the list of packages, or exclude it',
        })
      }
    }
  }
}

function rootRelation(index: PackageIndex, text: string): Relation {
  const [group, ...more] = parseRelations(text, 'list of packages')
  const [relation, ...alternatives] = group ?? []
  if (relation === undefined || more.length > 0 || alternatives.length > 0) {
    throw new DebianError('ROS_DEBIAN_SYNTAX', 'not one package', {
      subject: 'list of packages',
      got: JSON.stringify(text),
    })
  }
  const providers = index.providers(relation.name)
  if (index.versions(relation.name).length > 0 || providers.length === 1) return relation
  if (providers.length > 1) {
    throw new DebianError('ROS_DEBIAN_PACKAGE_UNKNOWN', 'name that several packages provide', {
      subject: relation.name,
      got: providers.map(({ name }) => name).join(', '),
      hint: 'name the one that you mean',
    })
  }
  const similar = didYouMean(relation.name, index.names())
  throw new DebianError('ROS_DEBIAN_PACKAGE_UNKNOWN', 'no such package in the package lists', {
    subject: relation.name,
    hint:
      similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : 'run apt-get update if it is a new one',
  })
}

function unmet(index: PackageIndex, { group, by }: Wish): DebianError {
  const names = group.map(({ name }) => `${name}: ${known(index, name)}`).join('; ')
  return new DebianError('ROS_DEBIAN_DEPENDENCY', 'nothing in the package lists meets a dependency', {
    subject: by,
    got: formatGroup(group),
    limit: `versions in the index: ${names}`,
    hint: 'run apt-get update, or exclude the package',
  })
}

function known(index: PackageIndex, name: string): string {
  return (
    index
      .versions(name)
      .map(({ version }) => version)
      .join(', ') || 'none'
  )
}
