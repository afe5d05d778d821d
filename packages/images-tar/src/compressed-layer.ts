import { createHash } from 'node:crypto'
import { type ByteSource, limited } from '@ros/bytes'
import { type Digest, withDigest } from '@ros/bytes/node'
import { decompress, type Format } from '@ros/compress'
import { ImagesTarError } from './error.ts'
import type { Layer } from './model.ts'

/** No layer is larger than this, in bytes, unless the caller says so: a bomb ends here. */
export const MAX_LAYER = 16 * 1024 ** 3

/** A layer that is stored compressed. It is decompressed once now, for its size, and again for each reading. */
export async function compressedLayer(
  blob: ByteSource,
  diffId: Digest,
  format: Format,
  maxSize: number,
): Promise<Layer> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of limitedLayer(decompress(blob.open(), format), maxSize, `layer ${diffId}`)) {
    hash.update(chunk)
    size += chunk.length
  }
  const got: Digest = `sha256:${hash.digest('hex')}`
  if (got !== diffId) {
    throw new ImagesTarError(
      'ROS_IMAGES_TAR_DIGEST',
      'layer has another digest than its configuration says',
      {
        subject: 'layer',
        got,
        limit: diffId,
      },
    )
  }
  const expected = { digest: diffId, size }
  return {
    diffId,
    size,
    open: () => withDigest(decompress(blob.open(), format), expected, `layer ${diffId}`),
  }
}

/** A layer's chunks; throws `ROS_IMAGES_TAR_LIMIT` when they are more than `limit` bytes. */
export function limitedLayer(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  subject: string,
): AsyncIterable<Uint8Array> {
  return limited(
    chunks,
    limit,
    (size) =>
      new ImagesTarError('ROS_IMAGES_TAR_LIMIT', 'layer is larger than allowed when decompressed', {
        subject,
        got: `${size} bytes or more`,
        limit: `${limit} bytes`,
      }),
  )
}
