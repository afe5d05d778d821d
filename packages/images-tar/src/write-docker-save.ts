import { fromBytes, fromText } from '@ros/bytes'
import { checkImage } from './check-image.ts'
import { ImagesTarError } from './error.ts'
import { imageId } from './image-id.ts'
import { layerContent } from './layer-content.ts'
import { legacyChain } from './legacy.ts'
import type { Image } from './model.ts'
import { checkRepoTag } from './reference.ts'
import type { TarEntry } from './tar-entry.ts'
import { type WriteTarOptions, writeTar } from './write-tar.ts'

/**
 * Images as one archive in the format of `docker save` (docker image-spec v1.2 §Combined Image JSON + Filesystem
 * Changeset Format). `manifest.json` comes first, so that a reader learns what is in it from the first blocks; each
 * layer is in it once. `repositories` and the legacy files let docker before 1.10 load it too. All times are 0.
 */
export function writeDockerSave(
  images: readonly Image[],
  options: WriteTarOptions = {},
): AsyncIterable<Uint8Array> {
  return writeTar(archiveEntries(images), options)
}

function archiveEntries(images: readonly Image[]): TarEntry[] {
  if (images.length === 0) throw saveError('archive', 'no images to write', '0', 'one or more')
  const layers: TarEntry[] = []
  const pathByDiffId = new Map<string, string>()
  const written = new Set<string>()
  const repositories: Record<string, Record<string, string>> = {}
  const configs = new Map<string, Uint8Array>()
  const manifest = images.map((image) => {
    checkImage(image)
    const chain = legacyChain(image)
    for (const { id, layer, json } of chain) {
      if (written.has(id)) continue
      written.add(id)
      const first = pathByDiffId.get(layer.diffId)
      if (first === undefined) pathByDiffId.set(layer.diffId, `${id}/layer.tar`)
      layers.push(
        { ...common(id, 0o755), type: 'directory' },
        textEntry(`${id}/VERSION`, '1.0'),
        textEntry(`${id}/json`, json),
        first === undefined
          ? {
              ...common(`${id}/layer.tar`),
              type: 'file',
              size: layer.size,
              content: layerContent(layer),
            }
          : { ...common(`${id}/layer.tar`, 0o777), type: 'symlink', linkname: `../${first}` },
      )
    }
    const hex = imageId(image).slice('sha256:'.length)
    configs.set(hex, image.configBytes)
    for (const repoTag of image.repoTags) addRepository(repositories, repoTag, chain.at(-1)?.id ?? '')
    return {
      Config: `${hex}.json`,
      RepoTags: image.repoTags.length > 0 ? image.repoTags : null,
      Layers: chain.map(({ layer }) => pathByDiffId.get(layer.diffId)),
    }
  })
  return [
    textEntry('manifest.json', JSON.stringify(manifest)),
    textEntry('repositories', JSON.stringify(repositories)),
    ...[...configs].map(([hex, bytes]) => bytesEntry(`${hex}.json`, bytes)),
    ...layers,
  ]
}

function addRepository(
  repositories: Record<string, Record<string, string>>,
  repoTag: string,
  id: string,
): void {
  const normal = checkRepoTag(repoTag)
  const colon = normal.lastIndexOf(':')
  const name = normal.slice(0, colon)
  const tag = normal.slice(colon + 1)
  const tags = repositories[name] ?? {}
  if (tags[tag] !== undefined)
    throw saveError(repoTag, 'two images have this name', repoTag, 'one image for each name')
  repositories[name] = { ...tags, [tag]: id }
}

function common(path: string, mode = 0o644) {
  return { path, mode, uid: 0, gid: 0, mtime: 0 }
}

function textEntry(path: string, text: string): TarEntry {
  const content = fromText(text)
  return { ...common(path), type: 'file', size: content.size, content }
}

function bytesEntry(path: string, bytes: Uint8Array): TarEntry {
  return { ...common(path), type: 'file', size: bytes.length, content: fromBytes(bytes) }
}

function saveError(subject: string, problem: string, got: string, limit: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_CONFIG', problem, { subject, got, limit })
}
