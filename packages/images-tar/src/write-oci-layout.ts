import { type ByteSource, fromText } from '@ros/bytes'
import { MEDIA } from './manifest.ts'
import type { Image } from './model.ts'
import { type Blob, jsonBlob, type PackImageOptions, packImage } from './pack-image.ts'
import { formatReference, parseReference } from './reference.ts'
import type { TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

/** A file of an OCI layout. */
export interface LayoutEntry {
  readonly path: string
  readonly source: ByteSource
}

/**
 * The files of an OCI layout (OCI image-spec, image-layout.md) of images: index first, so that a reader of a tar knows what comes; each blob once, sorted.
 * Images are named by both annotations that are in use.
 */
export async function ociLayoutEntries(
  images: readonly Image[],
  options: PackImageOptions,
): Promise<LayoutEntry[]> {
  const blobs = new Map<string, Blob>()
  const manifests: object[] = []
  for (const image of images) {
    const packed = await packImage(image, options)
    for (const blob of [packed.manifest, packed.config, ...packed.layers])
      blobs.set(blob.descriptor.digest, blob)
    const { architecture, os, variant } = image.config
    const platform = { architecture, os, ...(variant && { variant }) }
    const names = image.repoTags.map(annotations)
    for (const annotated of names.length > 0 ? names : [{}])
      manifests.push({ ...packed.manifest.descriptor, platform, ...annotated })
  }
  const index = jsonBlob(MEDIA.ociIndex, { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests })
  return [
    { path: 'oci-layout', source: fromText('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', source: index.source },
    ...[...blobs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([digest, { source }]) => ({ path: `blobs/sha256/${digest.slice('sha256:'.length)}`, source })),
  ]
}

/** A layout as one tar, as skopeo's `oci-archive` and podman have it. All times are 0. */
export async function* writeOciLayout(
  images: readonly Image[],
  options: PackImageOptions,
): AsyncIterable<Uint8Array> {
  yield* writeTar(archiveEntries(await ociLayoutEntries(images, options)))
}

function* archiveEntries(entries: readonly LayoutEntry[]): Iterable<TarEntry> {
  const owner = { uid: 0, gid: 0, mtime: 0 }
  const file = ({ path, source }: LayoutEntry): TarEntry => ({
    ...owner,
    type: 'file',
    path,
    mode: 0o644,
    size: source.size,
    content: source,
  })
  const isBlob = ({ path }: LayoutEntry) => path.startsWith('blobs/')
  for (const entry of entries) if (!isBlob(entry)) yield file(entry)
  for (const path of ['blobs', 'blobs/sha256']) yield { ...owner, type: 'directory', path, mode: 0o755 }
  for (const entry of entries) if (isBlob(entry)) yield file(entry)
}

function annotations(repoTag: string) {
  const { domain, path, tag } = parseReference(repoTag)
  return {
    annotations: {
      'io.containerd.image.name': `${domain}/${path}:${tag}`,
      'org.opencontainers.image.ref.name': formatReference({
        domain,
        path,
        ...(tag !== undefined && { tag }),
      }),
    },
  }
}
