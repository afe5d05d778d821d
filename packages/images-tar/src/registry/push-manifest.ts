import { statusError } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import type { Blob } from '../pack-image.ts'
import type { Session } from './session.ts'

/** Puts a manifest under a tag or its digest (OCI distribution-spec, §Pushing Manifests). What it names must be there. */
export async function pushManifest(
  session: Session,
  name: string,
  at: string,
  { descriptor, source }: Blob,
): Promise<void> {
  const response = await session.request({
    to: `${name}/manifests/${at}`,
    method: 'PUT',
    scopes: [`repository:${name}:pull,push`],
    headers: { 'content-type': descriptor.mediaType },
    body: source,
  })
  if (response.status !== 201) throw await statusError(response, 'PUT')
  response.discard()
  const got = response.header('docker-content-digest')
  if (got === undefined || got === descriptor.digest) return
  throw new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'registry took the manifest for another one', {
    subject: `${name}:${at}`,
    got,
    limit: descriptor.digest,
  })
}
