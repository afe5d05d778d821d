import { fromBytes, readAll } from '@ros/bytes'
import { checkDigest, type Digest, withDigest } from '@ros/bytes/node'
import { download, type Store, type StoredSource } from '@ros/store'
import { atOnce } from '../at-once.ts'
import { blobLayer } from '../blob-layer.ts'
import { checkImage } from '../check-image.ts'
import { MAX_LAYER } from '../compressed-layer.ts'
import { ImagesTarError } from '../error.ts'
import { parseImageConfig } from '../image-config.ts'
import { type Descriptor, MAX_MANIFEST, manifestError, parseManifest } from '../manifest.ts'
import type { Image, Layer } from '../model.ts'
import { formatReference, parseReference, type Reference } from '../reference.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { Registries, type RegistryOptions } from './registry.ts'
import type { PinnedImage } from './resolve-image.ts'
import { isSchema1, parseSchema1, schema1Config } from './schema1.ts'
import type { Session } from './session.ts'

/** How an image is fetched, and its limits. */
export interface FetchImageOptions extends RegistryOptions {
  /** Take all from the store, or throw `ROS_IMAGES_TAR_OFFLINE`. */
  readonly offline?: boolean
  /** Most bytes that a layer may have when it is decompressed; default 16 GiB. */
  readonly maxLayerSize?: number
}

const MAX_CONFIG = 16_777_216
const AT_ONCE = 3

/**
 * A pinned image: its manifest, configuration and layers from the store, else from the registry into it, each proven by its digest
 * before it is used; layers by their diffID as well. The layers lie decompressed in the store (`Layer.stored`).
 */
export async function fetchImage(
  pinned: Pick<PinnedImage, 'reference' | 'digest'>,
  store: Store,
  options: FetchImageOptions = {},
): Promise<Image> {
  const fetcher = new Fetcher(parseReference(pinned.reference), store, options)
  try {
    return await fetcher.image(checkDigest(pinned.digest, pinned.reference))
  } finally {
    fetcher.close()
  }
}

/** A layer's blob; its length where the manifest tells. */
type Blob = Pick<Descriptor, 'digest'> & Partial<Pick<Descriptor, 'size' | 'mediaType'>>

class Fetcher {
  readonly #reference: Reference
  readonly #name: string
  readonly #store: Store
  readonly #options: FetchImageOptions
  readonly #registries: Registries
  #done = 0

  constructor(reference: Reference, store: Store, options: FetchImageOptions) {
    this.#reference = reference
    this.#name = formatReference(reference)
    this.#store = store
    this.#options = options
    this.#registries = new Registries(options)
  }

  async image(digest: Digest): Promise<Image> {
    const bytes = await this.#manifest(digest)
    if (isSchema1(bytes, this.#name)) return await this.#fromSchema1(bytes)
    const manifest = parseManifest(bytes, this.#name)
    if (manifest.kind === 'index')
      throw manifestError(this.#name, 'pinned digest is that of an index', digest)
    if (manifest.artifactType !== undefined)
      throw manifestError(this.#name, 'is an artifact and no image', manifest.artifactType)
    const total = [manifest.config, ...manifest.layers].reduce((sum, { size }) => sum + size, 0)
    const configBytes = await readAll(await this.#blob(manifest.config, total), MAX_CONFIG)
    const config = parseImageConfig(configBytes, this.#name)
    const diffIds = config.rootfs.diff_ids
    if (diffIds.length !== manifest.layers.length)
      throw manifestError(this.#name, 'manifest and configuration differ in layers', [
        manifest.layers.length,
        diffIds.length,
      ])
    const blobs = await this.#blobs(manifest.layers, total)
    const layers: Layer[] = []
    for (const [i, blob] of blobs.entries()) layers.push(await this.#layer(blob, diffIds[i]))
    return this.#finish({ config, configBytes, layers, repoTags: this.#tags() })
  }

  async #fromSchema1(payload: Uint8Array): Promise<Image> {
    const manifest = parseSchema1(payload, this.#name)
    const blobs = await this.#blobs(
      manifest.layers.map((digest) => ({ digest })),
      undefined,
    )
    const layers: Layer[] = []
    for (const blob of blobs) layers.push(await this.#layer(blob, undefined))
    const configBytes = schema1Config(
      manifest,
      layers.map(({ diffId }) => diffId),
    )
    const config = parseImageConfig(configBytes, this.#name)
    return this.#finish({ config, configBytes, layers, repoTags: this.#tags() })
  }

  close(): void {
    this.#registries.close()
  }

  #finish(image: Image): Image {
    checkImage(image)
    return image
  }

  #tags(): string[] {
    const { domain, path, tag } = this.#reference
    return tag === undefined ? [] : [formatReference({ domain, path, tag })]
  }

  #sessions(): Session[] {
    return this.#registries.readers(this.#reference)
  }

  async #manifest(digest: Digest): Promise<Uint8Array> {
    if (!(await this.#store.has(digest))) {
      this.#needNetwork(digest)
      const { bytes } = await fetchManifest(this.#registries, this.#reference, digest)
      await this.#store.put(fromBytes(bytes).open(), { digest, subject: `${this.#name}: manifest` })
    }
    const stored = await this.#store.source(digest)
    return await readAll(proven(stored, this.#name), MAX_MANIFEST)
  }

  /** Several at once: registries answer slowly and send fast. */
  async #blobs(blobs: readonly Blob[], total: number | undefined): Promise<StoredSource[]> {
    const unique = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()]
    const sources = await atOnce(AT_ONCE, unique, (blob) => this.#blob(blob, total))
    const found = new Map(unique.map(({ digest }, i) => [digest, sources[i] as StoredSource]))
    return blobs.map(({ digest }) => found.get(digest) as StoredSource)
  }

  async #blob(blob: Blob, total: number | undefined): Promise<StoredSource> {
    const { digest, size } = blob
    const { signal, onProgress } = this.#options
    if (await this.#store.has(digest, size)) return this.#store.source(digest, size)
    this.#needNetwork(digest)
    let before = 0
    return await download(this.#store, {
      digest,
      ...(size !== undefined && { size }),
      subject: `${this.#name}: ${blob.mediaType ?? 'layer'}`,
      from: this.#sessions().map((session) => blobSource(session, this.#reference, digest)),
      ...(signal && { signal }),
      onProgress: (done) => {
        this.#done += done - before
        before = done
        onProgress?.(this.#done, total)
      },
    })
  }

  /** A blob as a layer, decompressed once, into the store. */
  async #layer(blob: StoredSource, diffId: Digest | undefined): Promise<Layer> {
    const { digest } = blob
    return await blobLayer(blob, digest, diffId, {
      subject: `${this.#name}: layer ${digest}`,
      maxSize: this.#options.maxLayerSize ?? MAX_LAYER,
      keep: (chunks, key) => this.#store.derived(key, () => chunks),
    })
  }

  #needNetwork(digest: Digest): void {
    if (!this.#options.offline) return
    throw new ImagesTarError('ROS_IMAGES_TAR_OFFLINE', 'not in the store, and the network may not be used', {
      subject: this.#name,
      got: digest,
      hint: 'fetch it once without --offline',
    })
  }
}

/** A blob of a registry, to be downloaded. */
export function blobSource(session: Session, reference: Reference, digest: Digest) {
  const name = session.repository(reference)
  return {
    name: session.endpoint.base.host,
    open: (headers: Readonly<Record<string, string>>) =>
      session.request({ to: `${name}/blobs/${digest}`, scopes: [`repository:${name}:pull`], headers }),
  }
}

/** Content of the store is proven when it gets there, and again when it is used: disks fail, and people edit files. */
function proven(source: StoredSource, subject: string) {
  const { digest, size } = source
  return { size, open: () => withDigest(source.open(), { digest, size }, subject) }
}
