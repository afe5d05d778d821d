import { collect, compareNames, fromBytes, fromText } from '@ros/bytes'
import { type Digest, sha256Text } from '@ros/bytes/node'
import { gzip } from '@ros/compress'
import { directory, file, symlink, Tree } from '@ros/tree'
import { checkImage } from './check-image.ts'
import { ImagesTarError } from './error.ts'
import { imageId } from './image-id.ts'
import { type LayerMember, layerMembers } from './layer-members.ts'
import { layerSize, layerTree } from './layer-tree.ts'
import type { Image, Layer } from './model.ts'
import { checkRepoTag } from './reference.ts'
import { tarSplit } from './tar-split.ts'

/** What a docker store's own files carry. */
export interface DockerLayoutOptions {
  /** Modification time of the store's own files and directories, in seconds; the layers' files keep theirs. */
  readonly mtime: number
}

const IMAGES = 'image/overlay2'
const LAYERS = `${IMAGES}/layerdb`
const LEVEL = 6
const MAX_SPLIT = 268_435_456

/**
 * Docker's image store for the storage driver overlay2, as dockerd 20.10 leaves it after `docker load` of the same
 * images: a tree to be merged in at the daemon's data root. Ids that dockerd would draw are derived from the layers'
 * chain ids. Whiteouts are character devices 0:0; an opaque directory has the attribute `trusted.overlay.opaque`, which
 * `@ros/initrd` refuses.
 *
 * Layers must lie in a tar (`Layer.stored`), of which the tree's files are slices. Each is read once now; one that is not
 * what its digest says throws `ROS_IMAGES_TAR_DIGEST`, one that docker would not unpack `ROS_IMAGES_TAR_ARCHIVE`.
 */
export async function dockerLayout(images: readonly Image[], options: DockerLayoutOptions): Promise<Tree> {
  const store = new Store(options.mtime)
  const names: Record<string, Record<string, string>> = {}
  for (const image of images) {
    checkImage(image)
    let below: StoredLayer | undefined
    for (const layer of image.layers) below = await store.layer(layer, below)
    const id = imageId(image)
    store.file(`${IMAGES}/imagedb/content/sha256/${hex(id)}`, image.configBytes, 0o600)
    for (const repoTag of image.repoTags) addName(names, repoTag, id)
  }
  store.file(`${IMAGES}/repositories.json`, JSON.stringify({ Repositories: sorted(names) }), 0o600)
  return store.tree
}

interface StoredLayer {
  readonly chainId: Digest
  /** Name of its directory in `overlay2`. */
  readonly cacheId: string
  /** Names in `overlay2/l` of this layer and of those below it, as mount(2) wants them. */
  readonly links: readonly string[]
}

/** Directories that dockerd makes at its start, with their modes. */
const FRAME: readonly (readonly [string, number])[] = [
  ['image', 0o700],
  [IMAGES, 0o700],
  [`${IMAGES}/distribution`, 0o700],
  [`${IMAGES}/imagedb`, 0o700],
  [`${IMAGES}/imagedb/content`, 0o700],
  [`${IMAGES}/imagedb/content/sha256`, 0o700],
  [`${IMAGES}/imagedb/metadata`, 0o700],
  [`${IMAGES}/imagedb/metadata/sha256`, 0o700],
  [LAYERS, 0o700],
  [`${LAYERS}/sha256`, 0o755],
  [`${LAYERS}/tmp`, 0o755],
  ['overlay2', 0o710],
  ['overlay2/l', 0o700],
]

class Store {
  readonly tree = new Tree()
  readonly #layers = new Map<Digest, StoredLayer>()
  readonly #mtime: number

  constructor(mtime: number) {
    this.#mtime = mtime
    for (const [path, mode] of FRAME) this.#directory(path, mode)
  }

  file(path: string, content: Uint8Array | string, mode: number): void {
    const source = typeof content === 'string' ? fromText(content) : fromBytes(content)
    this.tree.replace(path, file(source, { mode, mtime: this.#mtime }))
  }

  #directory(path: string, mode: number): void {
    this.tree.add(path, directory({ mode, mtime: this.#mtime }))
  }

  /** Adds a layer on another; one that is there already is only looked up. */
  async layer(layer: Layer, below: StoredLayer | undefined): Promise<StoredLayer> {
    // OCI image-spec, config.md §Layer ChainID.
    const chainId = below ? sha256Text(`${below.chainId} ${layer.diffId}`) : layer.diffId
    const present = this.#layers.get(chainId)
    if (present) return present
    const own = hex(chainId)
    const stored: StoredLayer = {
      chainId,
      cacheId: own,
      links: [`l/${shortLink(chainId)}`, ...(below?.links ?? [])],
    }
    this.#layers.set(chainId, stored)
    const size = await this.#unpack(layer, stored, below)
    const database = `${LAYERS}/sha256/${own}`
    this.file(`${database}/cache-id`, own, 0o644)
    this.file(`${database}/diff`, layer.diffId, 0o644)
    if (below) this.file(`${database}/parent`, below.chainId, 0o644)
    this.file(`${database}/size`, String(size), 0o644)
    return stored
  }

  async #unpack(
    layer: Layer,
    { chainId, cacheId, links }: StoredLayer,
    below: StoredLayer | undefined,
  ): Promise<number> {
    const tar = storedTar(layer)
    const members: LayerMember[] = []
    for await (const member of layerMembers(tar)) members.push(member)
    const split = await collect(gzip(tarSplit(tar, members, layer.diffId), { level: LEVEL }), MAX_SPLIT)
    this.#directory(`${LAYERS}/sha256/${hex(chainId)}`, 0o700)
    this.file(`${LAYERS}/sha256/${hex(chainId)}/tar-split.json.gz`, split, 0o644)

    const files = layerTree(tar, members)
    const folder = `overlay2/${cacheId}`
    const short = shortLink(chainId)
    this.#directory(folder, 0o710)
    this.tree.add(`${folder}/diff`, files.root).merge(files, `${folder}/diff`)
    this.tree.add(`overlay2/l/${short}`, symlink(`../${cacheId}/diff`, { mtime: this.#mtime }))
    this.file(`${folder}/link`, short, 0o644)
    if (below) {
      this.file(`${folder}/lower`, links.slice(1).join(':'), 0o644)
      this.#directory(`${folder}/work`, 0o700)
      this.file(`overlay2/${below.cacheId}/committed`, '', 0o600)
    }
    return layerSize(files)
  }
}

function storedTar(layer: Layer) {
  if (layer.stored) return layer.stored
  throw new ImagesTarError('ROS_IMAGES_TAR_ENTRY', 'layer does not lie in a tar', {
    subject: `layer ${layer.diffId}`,
    limit: 'files of the image store are slices of the layers’ tars',
    hint: 'write layer.open() to a file and give that to tarLayer',
  })
}

/** As dockerd's: 26 characters of base32 (RFC 4648 §6), here of the chain id's first 130 bits. */
function shortLink(chainId: Digest): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let bits = BigInt(`0x${hex(chainId)}`) / 2n ** 126n
  let text = ''
  for (let at = 0; at < 26; at++) {
    text = alphabet.charAt(Number(bits % 32n)) + text
    bits /= 32n
  }
  return text
}

function addName(names: Record<string, Record<string, string>>, repoTag: string, id: Digest): void {
  const normal = checkRepoTag(repoTag)
  const repository = normal.slice(0, normal.lastIndexOf(':'))
  const tags = names[repository] ?? {}
  if (tags[normal] !== undefined && tags[normal] !== id) {
    const limit = 'one image for each name'
    throw new ImagesTarError('ROS_IMAGES_TAR_CONFIG', 'two images have this name', {
      subject: repoTag,
      limit,
    })
  }
  names[repository] = sorted({ ...tags, [normal]: id })
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareNames(a, b)))
}

function hex(digest: Digest): string {
  return digest.slice('sha256:'.length)
}
