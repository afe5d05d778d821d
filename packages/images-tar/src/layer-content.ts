import { createHash } from 'node:crypto'
import type { ByteSource } from '@ros/bytes'
import { ImagesTarError } from './error.ts'
import type { Layer } from './model.ts'

/**
 * A layer's tar to be read once from its beginning to its end, by the fast path where it lies in a file. It is proven in passing: the
 * last bytes are given only when the whole has the layer's digest, else `ROS_IMAGES_TAR_DIGEST` is thrown.
 */
export function layerContent(layer: Layer): Pick<ByteSource, 'open' | 'readInto'> {
  const { stored, diffId, size } = layer
  const readInto = stored?.readInto?.bind(stored)
  if (!readInto) return { open: () => layer.open() }
  let hash = createHash('sha256')
  let done = 0
  return {
    open: () => layer.open(),
    readInto(target, offset) {
      if (offset === 0) {
        hash = createHash('sha256')
        done = 0
      }
      if (offset !== done) throw new Error('a layer is read in order')
      readInto(target, offset)
      hash.update(target)
      done += target.length
      if (done < size) return
      const got = `sha256:${hash.digest('hex')}`
      if (got === diffId) return
      throw new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'layer has another digest than it goes by', {
        subject: 'layer',
        got,
        limit: diffId,
      })
    },
  }
}
