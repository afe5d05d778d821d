import { type ByteSource, concat, readAll, slice, zeros } from '@ros/bytes'
import { readTar } from '@ros/debian'
import type { Layer } from '@ros/images-tar'
import type { Tree } from '@ros/tree'

/** A layer's files as its tar has them, whiteouts by name. `keep` puts a layer that is not stored as a tar where it can be read. */
export async function layerTree(
  layer: Layer,
  name: string,
  keep: (chunks: AsyncIterable<Uint8Array>) => Promise<ByteSource>,
): Promise<Tree> {
  const tar = layer.stored ?? (await keep(layer.open()))
  return readTar(await withEnd(tar), `${name}, layer ${layer.diffId}`, { twice: 'last' })
}

/** Some builders leave out the two blocks of zeros that end a tar. */
async function withEnd(tar: ByteSource): Promise<ByteSource> {
  const last = tar.size >= 512 ? await readAll(slice(tar, tar.size - 512, 512), 512) : undefined
  return last?.every((byte) => byte === 0) ? tar : concat([tar, zeros(1024)])
}
