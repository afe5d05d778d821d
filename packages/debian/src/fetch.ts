import type { Store } from '@ros/store'
import { downloadDebs } from './apt-download.ts'
import { DebianError } from './error.ts'
import type { HostApt } from './host-apt.ts'
import { mirrorDownload } from './mirror-download.ts'
import type { DebFile } from './package-record.ts'
import type { MirrorAccess } from './repository.ts'

/** How far fetching is. */
export interface FetchProgress {
  /** How many packages, and bytes, were absent from the store when fetching began. */
  readonly packages: number
  readonly bytes: number
  /** How many of those bytes have come, about. */
  readonly bytesDone: number
}

/** Where packages come from, beside which apt is asked. */
export interface FetchOptions extends HostApt {
  /** Mirrors that are asked over HTTP, in place of the host's apt. */
  readonly mirrors?: MirrorAccess
  readonly onProgress?: (progress: FetchProgress) => void
  /** Only look whether all is there; absent packages throw `ROS_DEBIAN_OFFLINE`. */
  readonly offline?: boolean
  readonly signal?: AbortSignal
  /** A download that makes no progress for so long is ended; default two minutes. */
  readonly stallMs?: number
}

// One call of apt gets its packages as arguments: this many are far below any system's limit.
const BATCH = 500

/**
 * Brings the packages into the store: those that it lacks are downloaded by the host's apt (its mirrors, proxies and
 * keys), as root or as an ordinary user, or from mirrors over HTTP, and enter the store only with the size and digest that
 * their record has.
 * Nothing is installed, and nothing is left behind. What has come stays in the store when another package fails.
 *
 * Throws `ROS_DEBIAN_OFFLINE`, `ROS_DEBIAN_FETCH` (no connection, cut, stalled), `ROS_DEBIAN_DIGEST` (what came is not
 * what the index promised), `ROS_DEBIAN_APT` (no apt).
 */
export async function fetchDebs(
  records: readonly DebFile[],
  store: Store,
  options: FetchOptions = {},
): Promise<void> {
  const absent = new Map<string, DebFile>()
  for (const record of records)
    if (!(await store.has(record.digest, record.size))) absent.set(record.digest, record)
  const missing = [...absent.values()]
  if (missing.length === 0) return
  if (options.offline) throw offlineError(missing)
  const bytes = missing.reduce((sum, { size }) => sum + size, 0)
  const report = (bytesDone: number) => options.onProgress?.({ packages: missing.length, bytes, bytesDone })
  report(0)
  if (options.mirrors) return mirrorDownload(missing, store, options.mirrors, report, options.signal)
  let before = 0
  for (let start = 0; start < missing.length; start += BATCH) {
    const batch = missing.slice(start, start + BATCH)
    const batchBytes = batch.reduce((sum, { size }) => sum + size, 0)
    const begun = before
    await downloadDebs(batch, store, options, (fraction) => report(begun + Math.round(fraction * batchBytes)))
    before += batchBytes
    report(before)
  }
}

function offlineError(missing: readonly DebFile[]): DebianError {
  const names = missing.slice(0, 5).map(({ name, version }) => `${name} ${version}`)
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : ''
  return new DebianError('ROS_DEBIAN_OFFLINE', 'packages are not in the store', {
    subject: 'without the network',
    got: `${names.join(', ')}${more}`,
    hint: 'build once with the network to fill the store',
  })
}
