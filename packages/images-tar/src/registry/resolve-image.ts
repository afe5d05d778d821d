import { collect } from '@ros/bytes'
import { type Digest, withDigest } from '@ros/bytes/node'
import { statusError } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import { parseImageConfig } from '../image-config.ts'
import { type Descriptor, type Manifest, manifestError, parseManifest } from '../manifest.ts'
import { choosePlatform, formatPlatform, type Platform, parsePlatform, runsOn } from '../platform.ts'
import { formatReference, parseReference, type Reference } from '../reference.ts'
import { type FetchedManifest, fetchManifest } from './fetch-manifest.ts'
import { type Registries, type RegistryOptions, withRegistries } from './registry.ts'
import { parseSchema1 } from './schema1.ts'

/** One image of one platform, by digest: what a lock file keeps. Plain values, no host but that of the reference. */
export interface PinnedImage {
  /** In docker's short form, as it was asked for: `rancher/os-base:v1`, `busybox@sha256:…`. */
  readonly reference: string
  /** Of the platform's manifest; of one of schema 1, of what is signed. */
  readonly digest: Digest
  /** `os/architecture[/variant]`, as the image says. */
  readonly platform: string
  /** Bytes of manifest, configuration and layers as they are stored; of a manifest of schema 1, which does not tell, its own. */
  readonly size: number
  /** Digest of the index that the tag leads to, where there is one. */
  readonly index?: Digest
}

const MAX_CONFIG = 16_777_216
const MAX_INDEXES = 3

/**
 * What a reference means now: asks the registry (mirrors first) for the manifest of a platform (`linux/amd64`), verified by
 * digest. Throws `ROS_IMAGES_TAR_NOT_FOUND`, `…_PLATFORM` with what there is, `…_AUTH`, `…_MANIFEST`, `…_DIGEST`, `ROS_HTTP_…`.
 */
export async function resolveImage(
  reference: string,
  platform: string | Platform,
  options: RegistryOptions = {},
): Promise<PinnedImage> {
  const parsed = parseReference(reference)
  const wanted = typeof platform === 'string' ? parsePlatform(platform) : platform
  return await withRegistries(options, async (registries) => {
    const tag = parsed.tag ?? (parsed.digest === undefined ? 'latest' : undefined)
    const named: Reference = { ...parsed, ...(tag !== undefined && { tag }) }
    const top = await fetchManifest(registries, parsed, parsed.digest ?? tag ?? '')
    const { manifest, index } = await platformManifest(registries, named, top, wanted)
    const facts = await describe(registries, named, manifest, wanted)
    return {
      reference: formatReference(named),
      digest: manifest.digest,
      ...facts,
      ...(index !== undefined && { index }),
    }
  })
}

async function platformManifest(
  registries: Registries,
  reference: Reference,
  top: FetchedManifest,
  wanted: Platform,
): Promise<{ manifest: FetchedManifest; index?: Digest }> {
  const subject = formatReference(reference)
  let current = top
  for (let depth = 0; depth <= MAX_INDEXES; depth++) {
    const parsed = current.schema1 ? undefined : parseManifest(current.bytes, subject)
    if (parsed?.kind !== 'index') return { manifest: current, ...(depth > 0 && { index: top.digest }) }
    const chosen = choosePlatform(parsed.manifests, wanted)
    if (!chosen) throw noPlatform(subject, wanted, parsed.manifests)
    current = await fetchManifest(registries, reference, chosen.digest)
  }
  throw manifestError(subject, 'index leads to index after index', MAX_INDEXES)
}

async function describe(
  registries: Registries,
  reference: Reference,
  { bytes, schema1 }: FetchedManifest,
  wanted: Platform,
): Promise<{ platform: string; size: number }> {
  const subject = formatReference(reference)
  if (schema1) {
    const { platform } = parseSchema1(bytes, subject)
    if (!runsOn(platform, wanted)) throw noPlatform(subject, wanted, [{ platform }])
    return { platform: formatPlatform(platform), size: bytes.length }
  }
  const manifest = parseManifest(bytes, subject) as Manifest
  if (manifest.artifactType !== undefined)
    throw manifestError(subject, 'is an artifact and no image', manifest.artifactType)
  const config = parseImageConfig(await fetchConfig(registries, reference, manifest.config), subject)
  const { os, architecture, variant } = config
  const platform = { os, architecture, ...(variant !== undefined && variant !== '' && { variant }) }
  if (!runsOn(platform, wanted)) throw noPlatform(subject, wanted, [{ platform }])
  const sizes = [manifest.config, ...manifest.layers].map(({ size }) => size)
  return { platform: formatPlatform(platform), size: sizes.reduce((sum, size) => sum + size, bytes.length) }
}

/** A small blob, in memory. */
async function fetchConfig(
  registries: Registries,
  reference: Reference,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const subject = `${formatReference(reference)}: configuration`
  return await registries.fromReaders(reference, async (session) => {
    const name = session.repository(reference)
    const scopes = [`repository:${name}:pull`]
    const response = await session.request({ to: `${name}/blobs/${descriptor.digest}`, scopes })
    if (response.status !== 200) throw await statusError(response)
    return await collect(withDigest(response.body, descriptor, subject), MAX_CONFIG)
  })
}

function noPlatform(
  subject: string,
  wanted: Platform,
  offered: readonly { readonly platform?: Platform }[],
): ImagesTarError {
  const there = offered.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : []))
  return new ImagesTarError('ROS_IMAGES_TAR_PLATFORM', 'no image for the platform', {
    subject,
    got: there.join(', ') || 'an index that names no platforms',
    limit: formatPlatform(wanted),
  })
}
