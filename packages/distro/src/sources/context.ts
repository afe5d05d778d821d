import type { PackageIndex } from '@ros/debian'
import type { Store } from '@ros/store'
import type { ProgressSink } from '../progress.ts'

/** What resolving and fetching of inputs work with. */
export interface SourceContext {
  readonly arch: string
  /** Folder that relative paths of the recipe start from. */
  readonly folder: string
  readonly store: Store
  /** No network: what is not in the store is an error. */
  readonly offline: boolean
  readonly report: ProgressSink
  readonly signal: AbortSignal | undefined
  /** The Debian packages to choose from; read when first asked for. */
  readonly index: () => Promise<PackageIndex>
}
