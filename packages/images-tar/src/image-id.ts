import { createHash } from 'node:crypto'
import type { Digest } from '@ros/bytes/node'
import type { Image } from './model.ts'

/** The image's id: digest of its configuration's bytes (OCI image-spec, config.md §ImageID). */
export function imageId(image: Pick<Image, 'configBytes'>): Digest {
  return `sha256:${createHash('sha256').update(image.configBytes).digest('hex')}`
}
