import { createHash } from 'node:crypto'
import type { ByteSource } from '@ros/bytes'
import { type Digest, withDigest } from '@ros/bytes/node'
import { decompress, type Format } from '@ros/compress'
import { ImagesTarError } from './error.ts'
import type { Layer } from './model.ts'

/** A layer that is stored compressed. It is decompressed once now, for its size, and again for each reading. */
export async function compressedLayer(blob: ByteSource, diffId: Digest, format: Format): Promise<Layer> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of decompress(blob.open(), format)) {
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
