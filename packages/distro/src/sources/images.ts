import {
  fetchDaemonImage,
  fetchImage,
  type PinnedDaemonImage,
  type PinnedImage,
  resolveDaemonImage,
  resolveImage,
} from '@ros/images-tar/registry'
import { DistroError } from '../error.ts'
import type { Input } from '../input.ts'
import type { LockedInput } from '../lock-schema.ts'
import { configImages, namedConfig } from '../os-config.ts'
import type { Recipe } from '../recipe-schema.ts'
import type { SourceContext } from './context.ts'

/** All images that the configuration names. */
const ALL = '*'

/** Pins an image, or all that the configuration names, in a registry or a daemon. */
export async function lockImages(
  context: SourceContext,
  recipe: Recipe,
  { kind, reference }: { readonly kind: 'image' | 'daemon'; readonly reference: string },
): Promise<LockedInput> {
  const names = reference === ALL ? await namedImages(context, recipe) : [reference]
  const platform = `linux/${recipe.arch}`
  const tell = (name: string) => context.report({ step: 'resolve', text: `looking up ${name}` })
  if (kind === 'daemon') {
    context.network.http(names.join(' '))
    const daemonImages: PinnedDaemonImage[] = []
    for (const name of names) {
      tell(name)
      daemonImages.push(await resolveDaemonImage(name, platform))
    }
    return { daemonImages }
  }
  const options = context.network.registry(names.join(' '))
  const images: PinnedImage[] = []
  for (const name of names) {
    tell(name)
    images.push(await resolveImage(name, platform, options))
  }
  return { images }
}

export async function fetchImages(context: SourceContext, locked: { images: PinnedImage[] }): Promise<Input> {
  const { network, store, report } = context
  const images = []
  for (const pinned of locked.images) {
    const text = `image ${pinned.reference}`
    const options = network.offline ? { offline: true } : network.registry(pinned.reference)
    const onProgress = (done: number, total: number | undefined) =>
      report({ step: 'fetch', text, done, ...(total !== undefined && { total }) })
    images.push(await fetchImage(pinned, store, { ...options, onProgress }))
  }
  return { kind: 'images', images }
}

export async function fetchDaemonImages(
  { network, store, report }: SourceContext,
  locked: { daemonImages: PinnedDaemonImage[] },
): Promise<Input> {
  const images = []
  for (const pinned of locked.daemonImages) {
    report({ step: 'fetch', text: `image ${pinned.reference}` })
    images.push(await fetchDaemonImage(pinned, store, { offline: network.offline }))
  }
  return { kind: 'images', images }
}

async function namedImages({ folder }: SourceContext, { osConfig, version }: Recipe): Promise<string[]> {
  const names = configImages(await namedConfig(osConfig, folder), version)
  if (names.length > 0) return names
  throw new DistroError('ROS_DISTRO_INPUT', 'the configuration names no images', {
    subject: osConfig ?? 'os-config.yml',
  })
}
