import { DebianError } from './error.ts'
import { answers, type PackageIndex } from './package-index.ts'
import type { PackageRecord } from './package-record.ts'
import { formatRelation, parseRelations } from './relation.ts'

/** Throws `ROS_DEBIAN_CONFLICT` when a package conflicts with or breaks another one of the list (Debian Policy §7.3, §7.4). */
export function checkConflicts(index: PackageIndex, records: readonly PackageRecord[]): void {
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
