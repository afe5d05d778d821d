import { createHash } from 'node:crypto'
import { imageId } from './image-id.ts'
import type { Image, Layer } from './model.ts'

/** A layer as docker before 1.10 knew it: an image of its own, with a parent (docker image-spec v1). */
export interface LegacyLayer {
  readonly id: string
  readonly layer: Layer
  /** Content of the file `json`. */
  readonly json: string
}

/**
 * An image as a chain of legacy layers. The ids are digests of what they stand for, so that images with the same
 * lower layers share those ids; the last one stands for the configuration as well.
 */
export function legacyChain(image: Image): LegacyLayer[] {
  const chain: LegacyLayer[] = []
  for (const [index, layer] of image.layers.entries()) {
    const top = index === image.layers.length - 1
    const parent = chain.at(-1)?.id
    const id = digest([parent ?? '', layer.diffId, ...(top ? [imageId(image)] : [])].join(' '))
    const { architecture, os, created, config } = image.config
    const json = JSON.stringify({
      id,
      ...(parent !== undefined && { parent }),
      created: (top ? created : undefined) ?? '1970-01-01T00:00:00Z',
      ...(top && { config: config ?? {} }),
      architecture,
      os,
    })
    chain.push({ id, layer, json })
  }
  return chain
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
