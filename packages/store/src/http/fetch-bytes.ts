import { collect, RosError } from '@ros/bytes'
import { StoreError } from '../error.ts'
import type { DownloadSource } from './download.ts'
import { statusError } from './status.ts'

/** What is fetched before anything is known of it, to be proven by a signature. */
export interface FetchBytes {
  readonly subject: string
  /** Tried in this order. */
  readonly from: readonly DownloadSource[]
  /** Most bytes. */
  readonly limit: number
}

/**
 * A small document whole in memory, from the first source that has it. Throws what the last one does, and `ROS_HTTP_SIZE` above
 * the limit. Nothing is proven by this.
 */
export async function fetchBytes({ subject, from, limit }: FetchBytes): Promise<Uint8Array> {
  let failure: unknown = new StoreError('ROS_HTTP_CONNECT', 'no source has it', {
    subject,
    got: 'no sources',
  })
  for (const source of from) {
    try {
      const response = await source.open({})
      if (response.status !== 200) throw await statusError(response)
      try {
        return await collect(response.body, limit)
      } catch (cause) {
        response.discard()
        if ((cause as Partial<RosError>).code !== 'ROS_BYTES_LIMIT') throw cause
        throw new StoreError('ROS_HTTP_SIZE', 'document is longer than it may be', {
          subject,
          limit: `${limit} bytes`,
          cause,
        })
      }
    } catch (error) {
      if (!(error instanceof RosError)) throw error
      failure = error
    }
  }
  throw failure
}
