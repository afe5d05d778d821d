import { createHash } from 'node:crypto'
import { type ByteSource, fromBytes } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { type Format, gzip, zstd } from '@ros/compress'
import type { Keep } from './blob-layer.ts'
import { checkImage } from './check-image.ts'
import { type Descriptor, MEDIA, manifestError } from './manifest.ts'
import type { Image, Layer } from './model.ts'

/** Content and what is said of it in a manifest. */
export interface Blob {
  readonly descriptor: Descriptor
  readonly source: ByteSource
}

/** How an image is packed for a registry or a layout. */
export interface PackImageOptions {
  /** Default `oci`; `docker` is schema 2, which knows gzip only. */
  readonly format?: 'oci' | 'docker'
  /** How layers are stored; `tar` is not at all. One that lies compressed so already is taken as it is. */
  readonly compression: 'gzip' | 'zstd' | 'tar'
  readonly level?: number
  /** Where compressed layers go. Not needed for `tar`. */
  readonly keep?: Keep
}

/** An image as registries and OCI layouts hold it. */
export interface PackedImage {
  readonly manifest: Blob
  readonly config: Blob
  /** From the lowest. */
  readonly layers: readonly Blob[]
}

/** Makes manifest, configuration and layer blobs. Equal images and options give equal bytes. */
export async function packImage(image: Image, options: PackImageOptions): Promise<PackedImage> {
  checkImage(image)
  const docker = options.format === 'docker'
  if (docker && options.compression !== 'gzip')
    throw manifestError(
      image.repoTags[0] ?? 'image',
      'docker schema 2 has gzip layers only',
      options.compression,
    )
  const config = bytesBlob(docker ? MEDIA.dockerConfig : MEDIA.ociConfig, image.configBytes)
  const layers: Blob[] = []
  for (const layer of image.layers) layers.push(await packLayer(layer, options))
  const mediaType = docker ? MEDIA.dockerManifest : MEDIA.ociManifest
  const manifest = jsonBlob(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  })
  return { manifest, config, layers }
}

async function packLayer(layer: Layer, options: PackImageOptions): Promise<Blob> {
  const { format = 'oci', compression, level, keep } = options
  const mediaType = layerType(format, compression)
  if (compression === 'tar') {
    const source = layer.stored ?? { size: layer.size, open: () => layer.open() }
    return { descriptor: { mediaType, digest: layer.diffId, size: layer.size }, source }
  }
  const { blob } = layer
  if (blob && blob.format === compression)
    return { descriptor: { mediaType, digest: blob.digest, size: blob.source.size }, source: blob.source }
  if (!keep) throw new Error('compressed layers need a place to be kept')
  const hash = createHash('sha256')
  const { zlib, zstd: zstandard } = process.versions
  const version = compression === 'gzip' ? zlib : zstandard
  const key = `layer ${layer.diffId} compressed by ${compression} ${version}, level ${level ?? 'default'}`
  const source = await keep(hashed(compress(layer, compression, level), hash), key)
  const digest: Digest = source.digest ?? `sha256:${hash.digest('hex')}`
  return { descriptor: { mediaType, digest, size: source.size }, source }
}

function compress(layer: Layer, compression: 'gzip' | 'zstd', level: number | undefined) {
  return compression === 'gzip'
    ? gzip(layer.open(), { level: level ?? 6 })
    : zstd(layer.open(), { level: level ?? 3 })
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>) {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}

function layerType(format: 'oci' | 'docker', compression: Format | 'tar'): string {
  if (format === 'docker') return MEDIA.dockerLayer
  return compression === 'tar' ? MEDIA.ociLayer : `${MEDIA.ociLayer}+${compression}`
}

/** A value as a blob: JSON without white space, keys in the order given. */
export function jsonBlob(mediaType: string, value: object): Blob {
  return bytesBlob(mediaType, new TextEncoder().encode(JSON.stringify(value)))
}

export function bytesBlob(mediaType: string, bytes: Uint8Array): Blob {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { descriptor: { mediaType, digest, size: bytes.length }, source: fromBytes(bytes) }
}
