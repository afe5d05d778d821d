import type { Tree } from '@ros/tree'
import { checkImage } from './check-image.ts'
import { mergeLayers } from './merge-layers.ts'
import type { Image, ImageConfig } from './model.ts'
import { treeLayer } from './tree-layer.ts'

/**
 * The image with one layer in place of all: what lower layers had and upper ones hid is gone. `trees` are the layers as they are in their tars,
 * whiteouts by name. What a container sees and runs is the same; the history is one step.
 */
export async function squashImage(image: Image, trees: readonly Tree[]): Promise<Image> {
  const layer = await treeLayer(await mergeLayers(trees))
  const { created } = image.config
  const config: ImageConfig = {
    ...image.config,
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [
      {
        ...(created !== undefined && { created }),
        created_by: 'rancheros-kit',
        comment: `${image.layers.length} layers squashed`,
      },
    ],
  }
  const squashed = {
    config,
    configBytes: new TextEncoder().encode(JSON.stringify(config)),
    layers: [layer],
    repoTags: image.repoTags,
  }
  checkImage(squashed)
  return squashed
}
