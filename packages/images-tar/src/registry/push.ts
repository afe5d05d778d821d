import type { Digest } from '@ros/bytes/node'
import type { Store } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import type { Image } from '../model.ts'
import { type Blob, type PackImageOptions, packImage } from '../pack-image.ts'
import { formatReference, parseReference, type Reference } from '../reference.ts'
import { type Pushed, pushBlob } from './push-blob.ts'
import { pushManifest } from './push-manifest.ts'
import { type RegistryOptions, withRegistries } from './registry.ts'

/** How blobs go to a registry. */
export interface PushOptions extends RegistryOptions {
  /** A repository of the same registry (`team/base`) whose blobs may be used. */
  readonly mountFrom?: string
  /** Blobs are sent in parts of so many bytes; without it as a whole. */
  readonly chunkSize?: number
}

/** How an image is packed and pushed. */
export interface PushImageOptions extends PushOptions, Omit<PackImageOptions, 'keep'> {}

/** What is in the registry now. */
export interface PushResult {
  /** With tag. */
  readonly reference: string
  /** Of the manifest. */
  readonly digest: Digest
  /** Bytes of manifest and blobs. */
  readonly size: number
  readonly blobs: readonly { readonly digest: Digest; readonly size: number; readonly outcome: Pushed }[]
}

/** Pushes an image under a reference with a tag. Layers that have to be compressed first are kept in the store. */
export async function pushImage(
  image: Image,
  reference: string,
  store: Store,
  options: PushImageOptions,
): Promise<PushResult> {
  const { format, compression, level } = options
  const packed = await packImage(image, {
    compression,
    ...(format && { format }),
    ...(level !== undefined && { level }),
    keep: (chunks, key) => store.derived(key, () => chunks),
  })
  return await pushAll([packed.config, ...packed.layers], packed.manifest, reference, options)
}

/** Blobs first, then the manifest that names them: a registry never has half of it under the tag. */
export async function pushAll(
  blobs: readonly Blob[],
  manifest: Blob,
  reference: string,
  options: PushOptions,
): Promise<PushResult> {
  const target = tagged(reference)
  const unique = [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()]
  const total = unique.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
  return await withRegistries(options, async (registries) => {
    const session = registries.writer(target)
    const name = session.repository(target)
    const { mountFrom, chunkSize, onProgress } = options
    let done = 0
    const tell = (bytes: number) => {
      done += bytes
      onProgress?.(done, total)
    }
    const outcomes = []
    for (const blob of unique) {
      const { digest, size } = blob.descriptor
      const outcome = await pushBlob(session, name, blob, {
        ...(mountFrom !== undefined && { mountFrom }),
        ...(chunkSize !== undefined && { chunkSize }),
        onProgress: tell,
      })
      if (outcome !== 'uploaded') tell(size)
      outcomes.push({ digest, size, outcome })
    }
    await pushManifest(session, name, target.tag, manifest)
    const { digest, size } = manifest.descriptor
    return { reference: formatReference(target), digest, size: total + size, blobs: outcomes }
  })
}

function tagged(reference: string): Reference & { readonly tag: string } {
  const { domain, path, tag, digest } = parseReference(reference)
  if (digest === undefined) return { domain, path, tag: tag ?? 'latest' }
  throw new ImagesTarError('ROS_IMAGES_TAR_REFERENCE', 'a push goes to a tag', {
    subject: reference,
    limit: 'the digest follows from the content',
  })
}
