import { type ByteSource, fromBytes, readAll } from '@ros/bytes'
import { type Digest, sha256 } from '@ros/bytes/node'
import { atOnce } from './at-once.ts'
import { blobLayer, type Keep } from './blob-layer.ts'
import { checkImage } from './check-image.ts'
import { MAX_LAYER } from './compressed-layer.ts'
import { ImagesTarError } from './error.ts'
import { object, parseImageConfig, parseJson } from './image-config.ts'
import {
  type Descriptor,
  MAX_MANIFEST,
  type Manifest,
  MEDIA,
  manifestError,
  parseManifest,
} from './manifest.ts'
import type { Image, Layer } from './model.ts'
import { choosePlatform, type Platform } from './platform.ts'
import { checkRepoTag, formatReference, parseReference } from './reference.ts'
import { archiveError } from './tar-header.ts'
import { indexTar } from './tar-index.ts'

/** What holds the files of an OCI layout: a directory, a tar, a docker-save archive of docker 25 and later. */
export interface LayoutFiles {
  /** The file at a path (`index.json`, `blobs/sha256/…`); undefined when there is none. */
  file(path: string): ByteSource | undefined
}

/** Which images of a layout are read, and how. */
export interface ReadOciLayoutOptions {
  /** Of an index only the image for it; without it every image is read. */
  readonly platform?: Platform
  /** Where decompressed layers go; without it each reading of a layer decompresses it. */
  readonly keep?: Keep
  /** Most bytes of a decompressed layer; default 16 GiB. */
  readonly maxLayerSize?: number
}

/** Annotations by which an index names images: containerd's has the whole name, OCI's may be a tag alone. */
const NAMES = ['io.containerd.image.name', 'org.opencontainers.image.ref.name']
const MAX_DEPTH = 4

/** The files of a layout in a plain tar. */
export async function tarLayoutFiles(source: ByteSource): Promise<LayoutFiles> {
  return await indexTar(source)
}

/** Whether files are an OCI layout and nothing else: archives of docker 25 and later are docker-save archives as well. */
export function isOciLayout(files: LayoutFiles): boolean {
  return files.file('oci-layout') !== undefined && files.file('manifest.json') === undefined
}

/**
 * The images of an OCI layout (OCI image-spec, image-layout.md). Artifacts and attestations in it are passed over. Every manifest and configuration is
 * proven now, layers as they are read. Throws `ROS_IMAGES_TAR_ARCHIVE`, `…_MANIFEST`, `…_DIGEST`, `…_PLATFORM`.
 */
export async function readOciLayout(
  files: LayoutFiles,
  options: ReadOciLayoutOptions = {},
): Promise<Image[]> {
  const version = await readJson(files, 'oci-layout', MAX_MANIFEST)
  const { imageLayoutVersion } = object(parseJson(version, 'oci-layout'), 'oci-layout', 'file')
  if (imageLayoutVersion !== '1.0.0')
    throw archiveError('oci-layout', 'unknown version of the layout', String(imageLayoutVersion), '1.0.0')
  const index = parseManifest(await readJson(files, 'index.json', MAX_MANIFEST), 'index.json')
  if (index.kind !== 'index') throw manifestError('index.json', 'is no index')
  const layout = new Layout(files, options)
  const images = new Map<Digest, { image: Image; repoTags: string[] }>()
  for (const entry of index.manifests) {
    const names = nameOf(entry)
    for (const [digest, image] of await layout.images(entry, 0)) {
      const known = images.get(digest) ?? { image, repoTags: [] }
      known.repoTags.push(...names.filter((name) => !known.repoTags.includes(name)))
      images.set(digest, known)
    }
  }
  return [...images.values()].map(({ image, repoTags }) => ({ ...image, repoTags }))
}

class Layout {
  readonly #files: LayoutFiles
  readonly #options: ReadOciLayoutOptions
  readonly #layers = new Map<string, Promise<Layer>>()
  readonly #images = new Map<Digest, Promise<Image | undefined>>()

  constructor(files: LayoutFiles, options: ReadOciLayoutOptions) {
    this.#files = files
    this.#options = options
  }

  /** The images that a descriptor leads to, by the digests of their manifests. */
  async images(descriptor: Descriptor, depth: number): Promise<Map<Digest, Image>> {
    const found = new Map<Digest, Image>()
    if (depth > MAX_DEPTH) throw manifestError(descriptor.digest, 'index leads to index after index')
    const bytes = await this.#proven(descriptor, MAX_MANIFEST)
    const parsed = parseManifest(bytes, descriptor.digest)
    if (parsed.kind === 'manifest') {
      const image = await (this.#images.get(descriptor.digest) ?? this.#remember(descriptor.digest, parsed))
      if (image) found.set(descriptor.digest, image)
      return found
    }
    const { platform } = this.#options
    const chosen = platform && choosePlatform(parsed.manifests, platform)
    if (platform && !chosen) throw noPlatform(descriptor.digest)
    for (const each of chosen ? [chosen] : parsed.manifests)
      for (const [digest, image] of await this.images(each, depth + 1)) found.set(digest, image)
    return found
  }

  #remember(digest: Digest, manifest: Manifest): Promise<Image | undefined> {
    const image = this.#image(digest, manifest)
    this.#images.set(digest, image)
    return image
  }

  async #image(digest: Digest, manifest: Manifest): Promise<Image | undefined> {
    const types: readonly string[] = [MEDIA.ociConfig, MEDIA.dockerConfig]
    if (!types.includes(manifest.config.mediaType) || manifest.artifactType !== undefined) return undefined
    const configBytes = await this.#proven(manifest.config, 16_777_216)
    // An attestation has layers that are no file systems; buildkit gives it this platform.
    const { os } = object(parseJson(configBytes, digest), digest, 'configuration')
    if (os === 'unknown' || manifest.layers.some(({ mediaType }) => /\bin-toto\b/.test(mediaType)))
      return undefined
    const config = parseImageConfig(configBytes, digest)
    const diffIds = config.rootfs.diff_ids
    if (diffIds.length !== manifest.layers.length)
      throw manifestError(digest, 'manifest and configuration differ in layers', [
        manifest.layers.length,
        diffIds.length,
      ])
    // Decompressing one layer keeps one core busy.
    const layers = await atOnce(2, manifest.layers, (descriptor, i) => {
      const diffId = diffIds[i] as Digest
      const key = `${descriptor.digest} ${diffId}`
      const layer = this.#layers.get(key) ?? this.#layer(descriptor, diffId)
      this.#layers.set(key, layer)
      return layer
    })
    const image = { config, configBytes, layers, repoTags: [] }
    checkImage(image)
    return image
  }

  async #layer(descriptor: Descriptor, diffId: Digest): Promise<Layer> {
    const { keep, maxLayerSize } = this.#options
    return await blobLayer(this.#blob(descriptor), descriptor.digest, diffId, {
      subject: `layer ${descriptor.digest}`,
      maxSize: maxLayerSize ?? MAX_LAYER,
      ...(keep && { keep }),
    })
  }

  #blob({ digest, size }: Descriptor): ByteSource {
    const path = `blobs/sha256/${digest.slice('sha256:'.length)}`
    const source = this.#files.file(path)
    if (!source) throw archiveError(path, 'blob is missing from the layout')
    if (source.size !== size)
      throw archiveError(
        path,
        'blob has another size than its descriptor says',
        `${source.size} bytes`,
        `${size} bytes`,
      )
    return source
  }

  async #proven(descriptor: Descriptor, limit: number): Promise<Uint8Array> {
    const bytes = await readAll(this.#blob(descriptor), limit)
    const got = await sha256(fromBytes(bytes))
    if (got === descriptor.digest) return bytes
    throw new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'blob has another digest than its name', {
      subject: 'OCI layout',
      got,
      limit: descriptor.digest,
    })
  }
}

/** `repository:tag` of a descriptor in an index; none when it has no name, or a tag without a repository. */
function nameOf({ annotations }: Descriptor): string[] {
  for (const key of NAMES) {
    const text = annotations?.[key]
    if (text === undefined || !/[:/]/.test(text)) continue
    try {
      const { domain, path, tag } = parseReference(text)
      return [checkRepoTag(formatReference({ domain, path, tag: tag ?? 'latest' }))]
    } catch {
      // Any text may stand there.
    }
  }
  return []
}

async function readJson(files: LayoutFiles, path: string, limit: number): Promise<Uint8Array> {
  const source = files.file(path)
  if (!source) {
    throw archiveError(path, 'is missing', 'nothing', 'an OCI layout has oci-layout and index.json')
  }
  return await readAll(source, limit)
}

function noPlatform(subject: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_PLATFORM', 'the index has no image for the platform', { subject })
}
