import { join } from 'node:path'
import { type ByteSource, fromBytes, readAll } from '@ros/bytes'
import { checkDigest, type Digest, fileSource, replaceFile, sha256 } from '@ros/bytes/node'
import type { Store } from '@ros/store'
import { checkImage } from '../check-image.ts'
import { connectDaemon, daemonError, saveFromDaemon } from '../daemon.ts'
import { ImagesTarError } from '../error.ts'
import { object, parseImageConfig, parseJson } from '../image-config.ts'
import { manifestError, parseManifest } from '../manifest.ts'
import type { Image } from '../model.ts'
import { choosePlatform, formatPlatform, type Platform, parsePlatform, runsOn } from '../platform.ts'
import { readDockerSave } from '../read-docker-save.ts'
import { formatReference, parseReference } from '../reference.ts'
import { indexTar } from '../tar-index.ts'
import { tarLayer } from '../tree-layer.ts'

/** An image of a daemon as a lock file keeps it. */
export interface PinnedDaemonImage {
  /** In docker's short form, with tag. */
  readonly reference: string
  /** The daemon's id for it: digest of the configuration; with containerd's image store that of a manifest or index. */
  readonly id: Digest
  readonly platform: string
  /** Bytes of the unpacked layers, as the daemon counts. */
  readonly size: number
  /** DiffIDs from the lowest. */
  readonly layers: readonly Digest[]
}

/** Which daemon is asked, and what of the answer is kept. */
export interface DaemonImageOptions {
  /** As `DOCKER_HOST` has it; default that, else the system's daemon. */
  readonly daemon?: string
  /** Take all from the store, or throw `ROS_IMAGES_TAR_OFFLINE`. */
  readonly offline?: boolean
}

const MAX_JSON = 16_777_216
const MAX_STEPS = 4

/** What a name means to a daemon now. Throws `ROS_IMAGES_TAR_DAEMON`, `…_NOT_FOUND`, `…_PLATFORM`. */
export async function resolveDaemonImage(
  reference: string,
  platform: string | Platform,
  options: DaemonImageOptions = {},
): Promise<PinnedDaemonImage> {
  const { domain, path, tag, digest } = parseReference(reference)
  const named = {
    domain,
    path,
    ...(digest === undefined && { tag: tag ?? 'latest' }),
    ...(digest && { digest }),
  }
  const name = formatReference(named)
  const wanted = typeof platform === 'string' ? parsePlatform(platform) : platform
  const docker = await connectDaemon(options.daemon)
  const found = await docker
    .getImage(name)
    .inspect()
    .catch((cause: unknown) => {
      if ((cause as { statusCode?: number }).statusCode !== 404) throw daemonError(name, cause)
      throw new ImagesTarError('ROS_IMAGES_TAR_NOT_FOUND', 'the daemon has no such image', {
        subject: name,
        hint: `\`docker pull ${name}\` or \`docker load\` brings it there`,
      })
    })
  const variant = (found as { Variant?: string }).Variant
  const has = { os: found.Os, architecture: found.Architecture, ...(variant && { variant }) }
  if (!runsOn(has, wanted)) {
    throw new ImagesTarError('ROS_IMAGES_TAR_PLATFORM', 'the image is for another platform', {
      subject: name,
      got: formatPlatform(has),
      limit: formatPlatform(wanted),
    })
  }
  return {
    reference: name,
    id: checkDigest(found.Id, name),
    platform: formatPlatform(has),
    size: found.Size,
    layers: (found.RootFS.Layers ?? []).map((layer) => checkDigest(layer, name)),
  }
}

/** A pinned image: configuration and layers from the store, else saved by the daemon into it, each proven by its digest. */
export async function fetchDaemonImage(
  pinned: Pick<PinnedDaemonImage, 'reference' | 'id' | 'platform'>,
  store: Store,
  options: DaemonImageOptions = {},
): Promise<Image> {
  const id = checkDigest(pinned.id, pinned.reference)
  const kept = await fromStore(pinned, id, store)
  if (kept) return kept
  if (options.offline) {
    throw new ImagesTarError('ROS_IMAGES_TAR_OFFLINE', 'not in the store, and the daemon may not be asked', {
      subject: pinned.reference,
      got: id,
      hint: 'fetch it once without --offline',
    })
  }
  const docker = await connectDaemon(options.daemon)
  await store.withTemporaryDirectory(async (folder) => {
    const path = join(folder, 'images.tar')
    await replaceFile(path, saveFromDaemon(docker, [id]))
    await keep(pinned, id, fileSource(path), store)
  })
  const fetched = await fromStore(pinned, id, store)
  if (fetched) return fetched
  throw daemonError(pinned.reference, new Error('what it saved lacks the image'))
}

type Reader = (digest: Digest) => Promise<ByteSource | undefined>
type Wanted = Pick<PinnedDaemonImage, 'reference' | 'platform'>

/** The texts that lead from an id to a configuration, the configuration last; undefined when one is not there. */
async function texts(wanted: Wanted, id: Digest, read: Reader): Promise<Uint8Array[] | undefined> {
  const found: Uint8Array[] = []
  let next = id
  for (let step = 0; step < MAX_STEPS; step++) {
    const source = await read(next)
    if (!source) return undefined
    const bytes = await readAll(source, MAX_JSON)
    if ((await sha256(fromBytes(bytes))) !== next) throw otherContent(wanted.reference, next)
    found.push(bytes)
    if ('rootfs' in object(parseJson(bytes, wanted.reference), wanted.reference, 'configuration'))
      return found
    const manifest = parseManifest(bytes, wanted.reference)
    if (manifest.kind === 'manifest') next = manifest.config.digest
    else {
      const chosen = choosePlatform(manifest.manifests, parsePlatform(wanted.platform))
      if (!chosen) throw manifestError(wanted.reference, 'index lacks the platform', wanted.platform)
      next = chosen.digest
    }
  }
  throw manifestError(wanted.reference, 'no configuration where the id leads', id)
}

async function fromStore(wanted: Wanted, id: Digest, store: Store): Promise<Image | undefined> {
  const read: Reader = async (digest) => ((await store.has(digest)) ? store.source(digest) : undefined)
  const configBytes = (await texts(wanted, id, read))?.at(-1)
  if (!configBytes) return undefined
  const config = parseImageConfig(configBytes, wanted.reference)
  const layers = []
  for (const diffId of config.rootfs.diff_ids) {
    if (!(await store.has(diffId))) return undefined
    layers.push(await tarLayer(await store.source(diffId), diffId))
  }
  const { domain, path, tag } = parseReference(wanted.reference)
  const image = {
    config,
    configBytes,
    layers,
    repoTags: tag === undefined ? [] : [formatReference({ domain, path, tag })],
  }
  checkImage(image)
  return image
}

/** Takes what an archive has of the image into the store; `put` proves each part. */
async function keep(wanted: Wanted, id: Digest, archive: ByteSource, store: Store): Promise<void> {
  const index = await indexTar(archive)
  const read: Reader = (digest) => {
    const hex = digest.slice('sha256:'.length)
    return Promise.resolve(index.file(`blobs/sha256/${hex}`) ?? index.file(`${hex}.json`))
  }
  const chain = await texts(wanted, id, read)
  if (!chain) throw otherContent(wanted.reference, id)
  for (const image of await readDockerSave(archive)) {
    if (!chain.some((bytes) => Buffer.from(bytes).equals(image.configBytes))) continue
    for (const layer of image.layers) {
      const { diffId: digest, size } = layer
      await store.put(layer.open(), { digest, size, subject: `${wanted.reference}: layer` })
    }
  }
  for (const bytes of chain) {
    const digest = await sha256(fromBytes(bytes))
    await store.put(fromBytes(bytes).open(), { digest, subject: wanted.reference })
  }
}

function otherContent(subject: string, digest: Digest): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_DIGEST', 'the daemon saves another image than was pinned', {
    subject,
    limit: digest,
    hint: 'was the image removed or built anew? lock again',
  })
}
