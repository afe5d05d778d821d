import { ImagesTarError } from './error.ts'
import { imageId } from './image-id.ts'
import type { Image } from './model.ts'

/** Throws `ROS_IMAGES_TAR_CONFIG` for an image that docker would not load. */
export function checkImage(image: Image): void {
  const subject = image.repoTags[0] ?? imageId(image)
  const diffIds = image.config.rootfs.diff_ids
  const same =
    diffIds.length === image.layers.length && image.layers.every((layer, i) => layer.diffId === diffIds[i])
  if (!same) {
    const got = image.layers.map((layer) => layer.diffId).join(' ')
    throw configError(subject, 'layers are not those that the configuration names', got, diffIds.join(' '))
  }
  if (diffIds.length === 0)
    throw configError(subject, 'image has no layer', '0', 'docker loads images of 1 layer or more')
}

function configError(subject: string, problem: string, got: string, limit: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_CONFIG', problem, { subject, got, limit })
}
