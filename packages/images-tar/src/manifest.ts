import { checkDigest, type Digest } from '@ros/bytes/node'
import { ImagesTarError } from './error.ts'
import { object, parseJson } from './image-config.ts'
import type { Platform } from './platform.ts'

/** OCI image-spec, media-types.md; docker: distribution spec, manifest-v2-2.md. */
export const MEDIA = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const

/** Registries take no larger manifests (OCI distribution-spec, §Pushing Manifests). */
export const MAX_MANIFEST = 4_194_304

/** OCI image-spec, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
  /** Of manifests in an index. */
  readonly platform?: Platform
}

export interface Manifest {
  readonly kind: 'manifest'
  readonly mediaType: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ManifestIndex {
  readonly kind: 'index'
  readonly mediaType: string
  readonly manifests: readonly Descriptor[]
}

/**
 * An OCI or docker schema 2 manifest, or an index (docker: manifest list) of them. A text that could be read as both is refused (CVE-2021-41190).
 * Throws `ROS_IMAGES_TAR_MANIFEST`.
 */
export function parseManifest(bytes: Uint8Array, subject: string): Manifest | ManifestIndex {
  const root = object(parseJson(bytes, subject), subject, 'manifest')
  if (root['schemaVersion'] !== 2)
    throw manifestError(subject, 'schemaVersion is not 2', root['schemaVersion'])
  const { mediaType } = root
  if (mediaType !== undefined && typeof mediaType !== 'string')
    throw manifestError(subject, 'mediaType is no text', mediaType)
  const isIndex = 'manifests' in root
  if (isIndex === ('config' in root || 'layers' in root || 'fsLayers' in root))
    throw manifestError(subject, 'neither manifest nor index, or both at once', Object.keys(root))
  const expected: readonly string[] = isIndex
    ? [MEDIA.ociIndex, MEDIA.dockerList]
    : [MEDIA.ociManifest, MEDIA.dockerManifest]
  if (mediaType !== undefined && !expected.includes(mediaType))
    throw manifestError(subject, 'mediaType does not fit the content', mediaType)
  const annotations = textMap(root['annotations'], subject)
  if (isIndex) {
    const manifests = list(root['manifests'], subject, 'manifests')
    return { kind: 'index', mediaType: mediaType ?? MEDIA.ociIndex, manifests }
  }
  const { artifactType } = root
  return {
    kind: 'manifest',
    mediaType: mediaType ?? MEDIA.ociManifest,
    ...(typeof artifactType === 'string' && { artifactType }),
    config: descriptor(root['config'], subject, 'config'),
    layers: list(root['layers'], subject, 'layers'),
    ...(annotations && { annotations }),
  }
}

/** Manifests that a client reads here, in the order of preference (RFC 9110 §12.5.1). */
export const ACCEPT = [
  MEDIA.ociIndex,
  MEDIA.dockerList,
  MEDIA.ociManifest,
  MEDIA.dockerManifest,
  `${MEDIA.dockerSchema1};q=0.5`,
].join(', ')

function list(value: unknown, subject: string, what: string): Descriptor[] {
  if (!Array.isArray(value)) throw manifestError(subject, `${what} is no list`, value)
  return value.map((item, position) => descriptor(item, subject, `${what}[${position}]`))
}

function descriptor(value: unknown, subject: string, what: string): Descriptor {
  const fields = object(value, subject, what)
  const { mediaType, digest, size, artifactType, platform } = fields
  if (typeof mediaType !== 'string') throw manifestError(subject, `${what}.mediaType is no text`, mediaType)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw manifestError(subject, `${what}.size is no length`, size)
  const annotations = textMap(fields['annotations'], subject)
  return {
    mediaType,
    digest: checkDigest(String(digest), `${subject}: ${what}`),
    size,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(annotations && { annotations }),
    ...(platform !== undefined && platform !== null && { platform: platformOf(platform, subject, what) }),
  }
}

function platformOf(value: unknown, subject: string, what: string): Platform {
  const { os, architecture, variant } = object(value, subject, `${what}.platform`)
  if (typeof os !== 'string' || typeof architecture !== 'string')
    throw manifestError(subject, `${what}.platform has no os or architecture`, value)
  return { os, architecture, ...(typeof variant === 'string' && variant !== '' && { variant }) }
}

function textMap(value: unknown, subject: string): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined
  const map = object(value, subject, 'annotations')
  for (const [key, text] of Object.entries(map)) {
    if (typeof text !== 'string') throw manifestError(subject, `annotation ${key} is no text`, text)
  }
  return map as Record<string, string>
}

export function manifestError(
  subject: string,
  problem: string,
  got?: unknown,
  hint?: string,
): ImagesTarError {
  const text = got === undefined ? undefined : JSON.stringify(got)?.slice(0, 200)
  return new ImagesTarError('ROS_IMAGES_TAR_MANIFEST', problem, {
    subject,
    ...(text !== undefined && { got: text }),
    ...(hint !== undefined && { hint }),
  })
}
