import type { Store } from '@ros/store'
import type { Network } from '../network.ts'
import type { ProgressSink } from '../progress.ts'
import type { DebianAccess } from './debian-access.ts'

/** What resolving and fetching of inputs work with. */
export interface SourceContext {
  readonly arch: string
  /** Folder that relative paths of the recipe start from. */
  readonly folder: string
  readonly store: Store
  readonly network: Network
  readonly report: ProgressSink
  readonly signal: AbortSignal | undefined
  readonly debian: DebianAccess
  /** A file that nothing pins yet may be pinned by what a server gives now. */
  readonly pinNew: boolean
  /** Against which signatures are held. */
  readonly now: Date
}
