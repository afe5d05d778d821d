import { stat } from 'node:fs/promises'
import { DebianError } from './error.ts'
import {
  type HostApt,
  hostArchitecture,
  type IndexTarget,
  indexTargets,
  listPriorities,
  readList,
} from './host-apt.ts'
import { createIndex, type PackageIndex, type RecordGroup } from './package-index.ts'
import { recordReader } from './package-record.ts'

/** Which of the host's package lists count. */
export interface HostIndexOptions extends HostApt {
  /** Lists to use, by the Origin of their Release file; default Debian and Ubuntu. */
  readonly origins?: readonly string[]
  /** Default: the one that the host's apt installs for. Others must be among apt's foreign architectures. */
  readonly architecture?: string
}

/**
 * The packages that the host's own apt knows: its sources, its keys, its lists as they are now. Nothing is written.
 * Lists that apt does not trust are left out, and those of negative priority; where priorities differ (backports, pins
 * of a release), the higher one is preferred. Throws `ROS_DEBIAN_APT` where there is no apt, `ROS_DEBIAN_LISTS` where
 * it has no lists to read.
 */
export async function readHostIndex(options: HostIndexOptions = {}): Promise<PackageIndex> {
  const origins = options.origins ?? ['Debian', 'Ubuntu']
  const architecture = options.architecture ?? (await hostArchitecture(options))
  const all = await indexTargets(options)
  const usable = all.filter(
    (target) => origins.includes(target.origin) && target.trusted && target.architecture === architecture,
  )
  const priorities = await listPriorities(options)
  const groups: RecordGroup[] = []
  for (const target of usable) {
    const preference = priorities.get(target.description)
    if (preference === undefined || preference < 0 || !(await isPresent(target.filename))) continue
    const reader = recordReader(`package list ${target.name}`)
    await readList(options, target, (chunk) => reader.push(chunk))
    groups.push({ preference, records: reader.end() })
  }
  const index = createIndex(groups, architecture)
  if (index.names().length === 0) throw noLists(all, origins, architecture)
  return index
}

async function isPresent(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function noLists(all: readonly IndexTarget[], origins: readonly string[], architecture: string): DebianError {
  const found = [...new Set(all.map((target) => `${target.origin || 'unnamed'} ${target.architecture}`))]
  return new DebianError('ROS_DEBIAN_LISTS', 'no package lists to choose from', {
    subject: 'apt on this machine',
    got: found.length > 0 ? `sources of ${found.join(', ')}` : 'no sources',
    limit: `trusted lists of ${origins.join(' or ')} for ${architecture}`,
    hint: 'run apt-get update',
  })
}
