import { DebianError } from './error.ts'
import { checkVersion, compareVersions } from './version.ts'

/** How a dependency compares versions (Debian Policy §7.1). */
export type VersionOperator = '<<' | '<=' | '=' | '>=' | '>>'

/** One package wanted: `libc6:any (>= 2.36)`. */
export interface Relation {
  readonly name: string
  /** The architecture after the colon: `any`, `native` or a name. */
  readonly architecture?: string
  readonly operator?: VersionOperator
  readonly version?: string
}

/** A relation field: all groups must hold, of each group one alternative, the first being preferred. */
export type Relations = readonly (readonly Relation[])[]

/**
 * Parses Depends, Pre-Depends, Provides, Conflicts, Breaks (Debian Policy §7.1). An empty text has no groups. Bad syntax
 * throws `ROS_DEBIAN_SYNTAX`, naming `subject`. The obsolete `<` and `>` mean `<=` and `>=`, as in dpkg.
 */
export function parseRelations(text: string, subject: string): Relations {
  if (text.trim() === '') return []
  // dpkg tolerates one comma at the end.
  return text
    .replace(/,\s*$/, '')
    .split(',')
    .map((group) => group.split('|').map((part) => parseRelation(part.trim(), subject)))
}

/** Whether `version` is one that the relation asks for. */
export function satisfies(version: string, relation: Relation): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true
  const order = compareVersions(version, relation.version)
  switch (relation.operator) {
    case '<<':
      return order < 0
    case '<=':
      return order <= 0
    case '=':
      return order === 0
    case '>=':
      return order >= 0
    case '>>':
      return order > 0
  }
}

/** As the field writes it. */
export function formatRelation(relation: Relation): string {
  const architecture = relation.architecture === undefined ? '' : `:${relation.architecture}`
  const version = relation.operator === undefined ? '' : ` (${relation.operator} ${relation.version ?? ''})`
  return `${relation.name}${architecture}${version}`
}

export function formatGroup(group: readonly Relation[]): string {
  return group.map(formatRelation).join(' | ')
}

const pattern =
  /^([a-zA-Z0-9][a-zA-Z0-9+.-]*)(?::([a-z0-9][a-z0-9-]*))?(?:\s*\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?$/

function parseRelation(text: string, subject: string): Relation {
  const [, name, architecture, operator, version] = pattern.exec(text) ?? []
  if (name === undefined) {
    throw new DebianError('ROS_DEBIAN_SYNTAX', 'not a package relation', {
      subject,
      got: JSON.stringify(text),
      limit: 'name[:architecture] [(operator version)], Debian Policy §7.1',
    })
  }
  return {
    name,
    ...(architecture !== undefined && { architecture }),
    ...(operator !== undefined &&
      version !== undefined && {
        operator: operator === '<' || operator === '>' ? `${operator}=` : (operator as VersionOperator),
        version: checkVersion(version, subject),
      }),
  }
}
