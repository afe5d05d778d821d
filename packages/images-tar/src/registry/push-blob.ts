import { slice } from '@ros/bytes'
import { type HttpResponse, parseUrl, statusError } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import type { Blob } from '../pack-image.ts'
import type { Session } from './session.ts'

export interface PushBlobOptions {
  /** A repository of the same registry that may have the blob. */
  readonly mountFrom?: string
  /** Sent in parts of so many bytes; without it as a whole. */
  readonly chunkSize?: number
  readonly onProgress?: (bytes: number) => void
}

/** What became of a blob. */
export type Pushed = 'exists' | 'mounted' | 'uploaded'

/**
 * Brings a blob into a repository (OCI distribution-spec, §Pushing blobs): nothing is sent that is there, or that another repository of the
 * registry can lend. A blob that is not what its digest says is refused by the registry.
 */
export async function pushBlob(
  session: Session,
  name: string,
  { descriptor, source }: Blob,
  options: PushBlobOptions = {},
): Promise<Pushed> {
  const { digest, size } = descriptor
  const scopes = [`repository:${name}:pull,push`]
  const head = await session.request({ to: `${name}/blobs/${digest}`, method: 'HEAD', scopes })
  head.discard()
  if (head.status === 200) return 'exists'

  const { mountFrom } = options
  const mount = mountFrom === undefined ? '' : `?mount=${digest}&from=${encodeURIComponent(mountFrom)}`
  const lenders = mountFrom === undefined ? [] : [`repository:${mountFrom}:pull`]
  const started = await session.request({
    to: `${name}/blobs/uploads/${mount}`,
    method: 'POST',
    scopes: [...scopes, ...lenders],
    body: nothing,
  })
  if (started.status === 201 && mountFrom !== undefined) {
    started.discard()
    return 'mounted'
  }
  if (started.status !== 202) throw await statusError(started, 'POST')
  let location = uploadLocation(started, name)
  const { chunkSize, onProgress } = options
  if (chunkSize !== undefined) {
    for (let start = 0; start < size; start += chunkSize) {
      const length = Math.min(chunkSize, size - start)
      const answer = await session.request({
        to: location,
        method: 'PATCH',
        scopes,
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `${start}-${start + length - 1}`,
        },
        body: told(slice(source, start, length), onProgress),
        // A part that arrived although the answer did not must not be sent twice.
        retry: false,
      })
      if (answer.status !== 202) throw await statusError(answer, 'PATCH')
      location = uploadLocation(answer, name)
    }
  }
  location.searchParams.set('digest', digest)
  const finished = await session.request({
    to: location,
    method: 'PUT',
    scopes,
    headers: { 'content-type': 'application/octet-stream' },
    body: chunkSize === undefined ? told(source, onProgress) : nothing,
    retry: false,
  })
  if (finished.status !== 201) throw await statusError(finished, 'PUT')
  finished.discard()
  return 'uploaded'
}

/** Where the upload goes on. Throws `ROS_IMAGES_TAR_REGISTRY` when the registry does not say, or downgrades to http. */
function uploadLocation(response: HttpResponse, name: string): URL {
  response.discard()
  const location = response.header('location')
  const url = location === undefined ? undefined : parseUrl(new URL(location, response.url.href))
  if (url && !(response.url.protocol === 'https:' && url.protocol === 'http:')) return url
  throw new ImagesTarError('ROS_IMAGES_TAR_REGISTRY', 'registry names no place for the upload', {
    subject: name,
    got: JSON.stringify(location ?? null),
    limit: 'Location (OCI distribution-spec, §Pushing blobs)',
  })
}

const nothing = { size: 0, open: () => empty() }

async function* empty(): AsyncIterable<Uint8Array> {}

function told(source: Blob['source'], onProgress: ((bytes: number) => void) | undefined) {
  return {
    size: source.size,
    async *open() {
      for await (const chunk of source.open()) {
        yield chunk
        onProgress?.(chunk.length)
      }
    },
  }
}
