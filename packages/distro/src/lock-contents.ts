import { readAll } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import type { Store } from '@ros/store'
import type { Lock, LockedInput } from './lock-schema.ts'

/** Content that a lock names, as it lies in a cache. */
export interface LockContent {
  readonly name: string
  readonly digest: Digest
  readonly size: number
}

const MAX_JSON = 16 * 1024 ** 2

/**
 * Everything that a build from this lock takes from the cache: of images what their manifests there lead to. A directory or a
 * Go module stays outside.
 */
export async function lockContents(lock: Lock, store: Store): Promise<LockContent[]> {
  const all: LockContent[] = [...lock.packages]
  for (const input of Object.values(lock.parts)) all.push(...(await contents(input, store)))
  return [...new Map(all.map(({ name, digest, size }) => [digest, { name, digest, size }])).values()]
}

/** Inputs of a lock that no cache can carry, by the name of their part. */
export function outsideInputs(lock: Lock): string[] {
  return Object.entries(lock.parts)
    .filter(([, input]) => isOutside(input))
    .map(([name]) => name)
}

async function contents(input: LockedInput, store: Store): Promise<LockContent[]> {
  if ('of' in input) return contents(input.of, store)
  if ('content' in input) return [input.content]
  if ('contents' in input) return input.contents
  const images = 'images' in input ? input.images.map(({ reference, digest }) => ({ reference, digest })) : []
  const daemon =
    'daemonImages' in input ? input.daemonImages.map(({ reference, id }) => ({ reference, digest: id })) : []
  const found: LockContent[] = []
  for (const { reference, digest } of [...images, ...daemon])
    found.push(...(await imageContents(store, digest, reference)))
  return found
}

/** A manifest or configuration in the store, and what it names that is there as well. */
async function imageContents(store: Store, digest: Digest, name: string): Promise<LockContent[]> {
  if (!(await store.has(digest))) return []
  const source = await store.source(digest)
  const found = [{ name, digest, size: source.size }]
  if (source.size > MAX_JSON) return found
  const named = digestsIn(new TextDecoder().decode(await readAll(source, MAX_JSON)))
  for (const one of named) {
    const isText = one.isText && (await store.has(one.digest))
    if (isText) found.push(...(await imageContents(store, one.digest, name)))
    else if (await store.has(one.digest))
      found.push({ name: `${name}: layer`, digest: one.digest, size: (await store.source(one.digest)).size })
  }
  return found
}

interface Manifest {
  /** A descriptor in a manifest; in an image's configuration something else of the same name. */
  readonly config?: { readonly digest?: Digest }
  readonly manifests?: readonly { readonly digest: Digest }[]
  readonly layers?: readonly { readonly digest: Digest }[]
  readonly fsLayers?: readonly { readonly blobSum: Digest }[]
  readonly rootfs?: { readonly diff_ids: readonly Digest[] }
}

/** Digests that an index, a manifest of schema 1 or 2, or a configuration names. The texts were proven when they were stored. */
function digestsIn(text: string): { digest: Digest; isText: boolean }[] {
  const { config, manifests = [], layers = [], fsLayers = [], rootfs } = JSON.parse(text) as Manifest
  const texts = [...(config?.digest ? [config.digest] : []), ...manifests.map(({ digest }) => digest)]
  const blobs = [
    ...layers.map(({ digest }) => digest),
    ...fsLayers.map(({ blobSum }) => blobSum),
    ...(rootfs?.diff_ids ?? []),
  ]
  return [
    ...texts.map((digest) => ({ digest, isText: true })),
    ...blobs.map((digest) => ({ digest, isText: false })),
  ]
}

function isOutside(input: LockedInput): boolean {
  if ('of' in input) return isOutside(input.of)
  return 'directory' in input || 'module' in input
}
