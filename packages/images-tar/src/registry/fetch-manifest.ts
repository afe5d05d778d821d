import { collect } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { statusError } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import { ACCEPT, MAX_MANIFEST } from '../manifest.ts'
import { formatReference, type Reference } from '../reference.ts'
import type { Registries } from './registry.ts'
import { digestOf, isSchema1, schema1Payload } from './schema1.ts'
import type { Session } from './session.ts'

export interface FetchedManifest {
  /** What has the digest; of a signed manifest of schema 1 the part that is signed. */
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly schema1: boolean
}

/**
 * A manifest by tag or digest, from the first of the servers that has it. One that was asked for by digest has that digest; one
 * that was asked for by tag has the one that the registry says it has.
 */
export async function fetchManifest(
  registries: Registries,
  reference: Reference,
  at: string,
): Promise<FetchedManifest> {
  const name = formatReference({ domain: reference.domain, path: reference.path })
  const subject = `${name}${at.includes(':') ? '@' : ':'}${at}`
  return await registries.fromReaders(reference, (session) => fromServer(session, reference, at, subject))
}

async function fromServer(
  session: Session,
  reference: Reference,
  at: string,
  subject: string,
): Promise<FetchedManifest> {
  const name = session.repository(reference)
  const response = await session.request({
    to: `${name}/manifests/${at}`,
    scopes: [`repository:${name}:pull`],
    headers: { accept: ACCEPT },
  })
  if (response.status === 404) {
    response.discard()
    throw new ImagesTarError('ROS_IMAGES_TAR_NOT_FOUND', 'no such image in the registry', {
      subject,
      got: `status 404 from ${session.endpoint.base.host}`,
    })
  }
  if (response.status !== 200) throw await statusError(response)
  const received = await collect(response.body, MAX_MANIFEST)
  const schema1 = isSchema1(received, subject)
  const bytes = schema1 ? schema1Payload(received, subject) : received
  const digest = digestOf(bytes)
  const promised = at.includes(':') ? at : response.header('docker-content-digest')
  if (promised !== undefined && promised !== digest) {
    throw new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'manifest has another digest than it goes by', {
      subject,
      got: digest,
      limit: promised,
      hint: 'what the registry sends is not what was asked for: do not use it',
    })
  }
  return { bytes, digest, schema1 }
}
