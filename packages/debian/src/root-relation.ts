import { DebianError } from './error.ts'
import type { PackageIndex } from './package-index.ts'
import { parseRelations, type Relation } from './relation.ts'
import { didYouMean } from './similar-names.ts'

/** What a list of packages asks for by `name` or `name (>= version)`; throws when nothing, or no one thing, has that name. */
export function rootRelation(index: PackageIndex, text: string): Relation {
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
