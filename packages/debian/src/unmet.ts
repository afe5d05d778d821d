import { DebianError } from './error.ts'
import type { PackageIndex } from './package-index.ts'
import { formatGroup, formatRelation, type Relation } from './relation.ts'

/** Relations that rule out versions of a package, by its name, and who asks for them. */
export type Constraints = Map<string, readonly { readonly relation: Relation; readonly by: string }[]>

/** The error for a group of alternatives that nothing meets: because there is nothing, or because others forbid it. */
export function unmetError(
  index: PackageIndex,
  group: readonly Relation[],
  by: string,
  constraints: Constraints,
): DebianError {
  const others = group.flatMap(({ name }) => constraints.get(name) ?? [])
  const limit = `versions in the index: ${group.map(({ name }) => `${name} ${versionList(index, name)}`).join('; ')}`
  if (others.length > 0) {
    return new DebianError('ROS_DEBIAN_CONFLICT', `requires ${formatGroup(group)}`, {
      subject: by,
      got: others.map((other) => `${formatRelation(other.relation)} required by ${other.by}`).join(', '),
      limit,
      hint: 'leave one of the two out of the list of packages',
    })
  }
  return new DebianError('ROS_DEBIAN_DEPENDENCY', 'nothing in the package lists meets a dependency', {
    subject: by,
    got: formatGroup(group),
    limit,
    hint: 'run apt-get update, or exclude the package',
  })
}

function versionList(index: PackageIndex, name: string): string {
  return (
    index
      .versions(name)
      .map(({ version }) => version)
      .join(', ') || 'none'
  )
}
