import type { ByteSource } from '@ros/bytes'
import { type Digest, sha256, withDigest } from '@ros/bytes/node'
import { decompress, detectFormat, MAGIC_SIZE } from '@ros/compress'
import { compressedLayer, limitedLayer } from './compressed-layer.ts'
import { ImagesTarError } from './error.ts'
import type { Layer } from './model.ts'
import { readAt } from './tar-index.ts'
import { tarLayer } from './tree-layer.ts'

/**
 * Reads a stream to its end and puts it where it can be read again. `key` says what the bytes follow from: content that was kept for the same key
 * may be given instead, with its digest, and the stream not be read.
 */
export type Keep = (
  chunks: AsyncIterable<Uint8Array>,
  key: string,
) => Promise<ByteSource & { readonly digest?: Digest }>

export interface BlobLayerOptions {
  readonly subject: string
  /** Most bytes that the decompressed layer may have. */
  readonly maxSize: number
  /** Where the decompressed layer goes; without it each reading decompresses anew. What is not proven at its end must not be kept. */
  readonly keep?: Keep
}

/**
 * A layer from a blob: plain, gzip or zstd, by its bytes and not by its media type. The blob's digest is checked as it is read, and so is the
 * tar's against `diffId`; without one (manifests of schema 1 name none) it is taken from what `keep` gives.
 */
export async function blobLayer(
  source: ByteSource,
  digest: Digest,
  diffId: Digest | undefined,
  options: BlobLayerOptions,
): Promise<Layer> {
  const { subject, maxSize, keep } = options
  const format = detectFormat(await readAt(source, 0, Math.min(source.size, MAGIC_SIZE)))
  if (format === undefined) {
    if (diffId === undefined || diffId === digest) return await tarLayer(source, digest)
    throw new ImagesTarError(
      'ROS_IMAGES_TAR_DIGEST',
      'layer has another digest than its configuration says',
      {
        subject,
        got: digest,
        limit: diffId,
      },
    )
  }
  const blob = { format, digest, source }
  const proven: ByteSource = {
    size: source.size,
    open: () => withDigest(source.open(), { digest, size: source.size }, subject),
  }
  if (!keep) {
    if (diffId === undefined) throw new Error('a layer without a diffID needs a place to be kept')
    return { ...(await compressedLayer(proven, diffId, format, maxSize)), blob }
  }
  const chunks = limitedLayer(decompress(proven.open(), format), maxSize, subject)
  const tar = await keep(
    diffId === undefined ? chunks : withDigest(chunks, { digest: diffId }, subject),
    // What is kept was proven against the diffID in the key.
    `layer ${digest} decompressed to ${diffId ?? 'any'}`,
  )
  return { ...(await tarLayer(tar, diffId ?? tar.digest ?? (await sha256(tar)))), blob }
}
