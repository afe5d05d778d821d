import type { ByteSource } from '@ros/bytes'
import { checkDigest, type Digest, sha256 } from '@ros/bytes/node'
import { download, type Store, type StoredSource } from '@ros/store'
import { type Manifest, MEDIA, manifestError, parseManifest } from '../manifest.ts'
import { type Blob, bytesBlob, jsonBlob } from '../pack-image.ts'
import { formatReference, parseReference } from '../reference.ts'
import { blobSource } from './fetch-image.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { type PushOptions, type PushResult, pushAll } from './push.ts'
import { type RegistryOptions, withRegistries } from './registry.ts'

/** A file of an artifact. */
export interface ArtifactFile {
  /** A plain file name. */
  readonly name: string
  readonly mediaType: string
  readonly source: ByteSource
}

/** What kind of artifact is pushed, beside how. */
export interface PushArtifactOptions extends PushOptions {
  /** What kind of artifact it is, as a media type. */
  readonly artifactType: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** The name of a blob's file, as ORAS and others write it (OCI image-spec, annotations.md). */
const TITLE = 'org.opencontainers.image.title'

/** Pushes files as one OCI 1.1 artifact (image-spec, manifest.md §Guidelines for Artifact Usage). Nothing in it tells the time. */
export async function pushArtifact(
  files: readonly ArtifactFile[],
  reference: string,
  options: PushArtifactOptions,
): Promise<PushResult> {
  const layers: Blob[] = []
  for (const { name, mediaType, source } of files) {
    checkFileName(name, reference)
    const digest = await sha256(source)
    layers.push({
      descriptor: { mediaType, digest, size: source.size, annotations: { [TITLE]: name } },
      source,
    })
  }
  const { artifactType, annotations } = options
  const config = bytesBlob(MEDIA.ociEmpty, new TextEncoder().encode('{}'))
  const manifest = jsonBlob(MEDIA.ociManifest, {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    artifactType,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(annotations && { annotations }),
  })
  return await pushAll([config, ...layers], manifest, reference, options)
}

/** An artifact as its manifest describes it. */
export interface ResolvedArtifact {
  readonly reference: string
  /** Of the manifest. */
  readonly digest: Digest
  readonly artifactType: string
  readonly files: readonly {
    readonly name: string
    readonly mediaType: string
    readonly digest: Digest
    /** Bytes. */
    readonly size: number
  }[]
}

/** Whether a reference leads to an artifact, and not to an image or an index of images. */
export async function isArtifact(reference: string, options: RegistryOptions = {}): Promise<boolean> {
  const { manifest } = await topManifest(reference, options)
  return manifest?.kind === 'manifest' && !IMAGES.includes(artifactTypeOf(manifest))
}

/** What files a reference leads to. Throws `ROS_IMAGES_TAR_MANIFEST` for an image, and for file names that are none. */
export async function resolveArtifact(
  reference: string,
  options: RegistryOptions = {},
): Promise<ResolvedArtifact> {
  const { name, digest, manifest } = await topManifest(reference, options)
  if (manifest?.kind !== 'manifest') throw notArtifact(name)
  const artifactType = artifactTypeOf(manifest)
  if (IMAGES.includes(artifactType)) throw notArtifact(name)
  const files = manifest.layers.map((layer) => ({
    name: checkFileName(layer.annotations?.[TITLE] ?? '', name),
    mediaType: layer.mediaType,
    digest: layer.digest,
    size: layer.size,
  }))
  if (new Set(files.map((file) => file.name)).size !== files.length) {
    const names = files.map((file) => file.name)
    throw manifestError(name, 'two files have the same name', names)
  }
  return { reference: name, digest, artifactType, files }
}

async function topManifest(reference: string, options: RegistryOptions) {
  const parsed = parseReference(reference)
  const at = parsed.digest ?? parsed.tag ?? 'latest'
  const name = formatReference(parsed)
  const { bytes, digest, schema1 } = await withRegistries(options, (registries) =>
    fetchManifest(registries, parsed, at),
  )
  return { name, digest, manifest: schema1 ? undefined : parseManifest(bytes, name) }
}

const IMAGES: readonly string[] = [MEDIA.ociConfig, MEDIA.dockerConfig]

/** Before OCI 1.1 the configuration's media type told the kind. */
function artifactTypeOf(manifest: Manifest): string {
  return manifest.artifactType ?? manifest.config.mediaType
}

/** The files of an artifact, by name, from the store, else downloaded into it; proven by their digests. */
export async function fetchArtifact(
  artifact: ResolvedArtifact,
  store: Store,
  options: RegistryOptions = {},
): Promise<Map<string, StoredSource>> {
  const parsed = parseReference(artifact.reference)
  const total = artifact.files.reduce((sum, { size }) => sum + size, 0)
  let finished = 0
  return await withRegistries(options, async (registries) => {
    const found = new Map<string, StoredSource>()
    for (const { name, digest, size } of artifact.files) {
      const source = await download(store, {
        digest: checkDigest(digest, name),
        size,
        subject: `${artifact.reference}: ${name}`,
        from: registries.readers(parsed).map((session) => blobSource(session, parsed, digest)),
        ...(options.signal && { signal: options.signal }),
        onProgress: (done) => options.onProgress?.(finished + done, total),
      })
      finished += size
      found.set(name, source)
    }
    return found
  })
}

/** A name that stays in the folder it is written to, on any system. */
function checkFileName(name: string, subject: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._+-]{0,254}$/.test(name)) return name
  throw manifestError(subject, 'a file of the artifact has no plain name', name)
}

function notArtifact(subject: string) {
  return manifestError(subject, 'is an image and no artifact')
}
