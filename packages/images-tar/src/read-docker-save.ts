import { createHash } from 'node:crypto'
import type { ByteSource } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { detectFormat, MAGIC_SIZE } from '@ros/compress'
import { compressedLayer, MAX_LAYER } from './compressed-layer.ts'
import { ImagesTarError } from './error.ts'
import { object, parseImageConfig, parseJson, texts } from './image-config.ts'
import type { Image, Layer } from './model.ts'
import { checkRepoTag } from './reference.ts'
import { archiveError } from './tar-header.ts'
import { indexTar, readAt, type TarIndex } from './tar-index.ts'
import { tarLayer } from './tree-layer.ts'

const MAX_JSON = 16_777_216

/** Bounds for reading a docker-save archive. */
export interface DockerSaveOptions {
  /** Most bytes that a compressed layer may have once it is decompressed; 16 GiB unless given. */
  readonly maxLayerSize?: number
}

/**
 * The images of a `docker save` archive: docker's own (1.10 and later, with `blobs/` from docker 25), skopeo's and ours.
 * Layers are slices of the source; a layer's digest is checked as it is read, the configuration's now.
 */
export async function readDockerSave(
  source: ByteSource,
  { maxLayerSize = MAX_LAYER }: DockerSaveOptions = {},
): Promise<Image[]> {
  const format = detectFormat(await readAt(source, 0, Math.min(source.size, MAGIC_SIZE)))
  if (format !== undefined) {
    throw new ImagesTarError('ROS_IMAGES_TAR_ARCHIVE', `archive is compressed with ${format}`, {
      subject: 'archive',
      limit: 'layers are read where they lie, so the archive must be a plain tar',
      hint: 'decompress it to a file first',
    })
  }
  const index = await indexTar(source)
  const manifest = parseJson(await readJson(index, 'manifest.json'), 'manifest.json')
  if (!Array.isArray(manifest)) throw archiveError('manifest.json', 'is no list')
  const layers = new Map<string, Layer>()
  const images: Image[] = []
  for (const [position, item] of manifest.entries()) {
    const subject = `manifest.json[${position}]`
    const entry = object(item, subject, 'entry')
    images.push(await readImage(index, entry, subject, layers, maxLayerSize))
  }
  return images
}

async function readImage(
  index: TarIndex,
  entry: Record<string, unknown>,
  subject: string,
  layers: Map<string, Layer>,
  maxLayerSize: number,
): Promise<Image> {
  const configPath = entry['Config']
  if (typeof configPath !== 'string') throw archiveError(subject, 'Config is no text')
  const configBytes = await readJson(index, configPath)
  checkName(configPath, configBytes)
  const config = parseImageConfig(configBytes, configPath)
  const paths = texts(entry['Layers'], subject, 'Layers')
  const diffIds = config.rootfs.diff_ids
  if (paths.length !== diffIds.length) {
    throw archiveError(
      subject,
      'manifest and configuration differ in layers',
      `${paths.length}`,
      `${diffIds.length}`,
    )
  }
  const own: Layer[] = []
  for (const [position, diffId] of diffIds.entries()) {
    const path = paths[position] ?? ''
    const file = index.file(path)
    if (!file) throw archiveError(path, 'layer is missing from the archive')
    const key = `${diffId} ${path}`
    const layer = layers.get(key) ?? (await openLayer(file, diffId, maxLayerSize))
    layers.set(key, layer)
    own.push(layer)
  }
  // skopeo writes names in full.
  const repoTags = texts(entry['RepoTags'], subject, 'RepoTags').map(checkRepoTag)
  return { config, configBytes, layers: own, repoTags }
}

/** Docker with containerd's image store saves layers as the registry gave them: compressed. */
async function openLayer(file: ByteSource, diffId: Digest, maxSize: number): Promise<Layer> {
  const format = detectFormat(await readAt(file, 0, Math.min(file.size, MAGIC_SIZE)))
  if (format === undefined) return await tarLayer(file, diffId)
  return await compressedLayer(file, diffId, format, maxSize)
}

async function readJson(index: TarIndex, path: string): Promise<Uint8Array> {
  const file = index.file(path)
  if (!file) {
    const hint =
      path === 'manifest.json' && index.paths.includes('repositories')
        ? 'archives of docker before 1.10 have no manifest.json: load and save it with a later docker'
        : undefined
    throw new ImagesTarError('ROS_IMAGES_TAR_ARCHIVE', 'is missing from the archive', {
      subject: path,
      limit: 'docker save archives have manifest.json and what it names',
      ...(hint !== undefined && { hint }),
    })
  }
  if (file.size > MAX_JSON)
    throw archiveError(path, 'is too large', `${file.size} bytes`, `${MAX_JSON} bytes`)
  return await readAt(file, 0, file.size)
}

/** A configuration that goes by a digest must have it. */
function checkName(path: string, bytes: Uint8Array): void {
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1]
  const got = createHash('sha256').update(bytes).digest('hex')
  if (named === undefined || named === got) return
  throw new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'configuration has another digest than its name', {
    subject: path,
    got,
    limit: named,
  })
}
