import { isBuiltInConfig } from './os-config.ts'
import type { Recipe } from './recipe-schema.ts'
import type { SignedList, SourceKeys } from './source-schema.ts'

/** Where a part of the system comes from. */
export type Source =
  | { readonly kind: 'debian'; readonly names: readonly string[]; readonly without: readonly string[] }
  | {
      readonly kind: 'url'
      readonly urls: readonly string[]
      readonly sha256?: string
      readonly signed?: SignedList
    }
  | { readonly kind: 'file'; readonly path: string; readonly sha256?: string }
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  | { readonly kind: 'image' | 'daemon'; readonly reference: string }
  | { readonly kind: 'inside'; readonly path: string; readonly of: Source }
  | { readonly kind: 'build'; readonly path: string }
  /** `ros` as it came with this kit. */
  | { readonly kind: 'kit' }

/** The source that a mapping of the recipe names; undefined when it names none. */
export function sourceOf(keys: SourceKeys): Source | undefined {
  const { debian, without = [], url, signed, file, files, sha256, image, daemon, inside, of, build } = keys
  if (debian !== undefined && debian.length > 0) return { kind: 'debian', names: debian, without }
  if (url !== undefined) {
    const urls = typeof url === 'string' ? [url] : url
    return { kind: 'url', urls, ...(sha256 !== undefined && { sha256 }), ...(signed && { signed }) }
  }
  if (file !== undefined) return { kind: 'file', path: file, ...(sha256 !== undefined && { sha256 }) }
  if (files !== undefined) return { kind: 'files', paths: files }
  if (image !== undefined) return { kind: 'image', reference: image }
  if (daemon !== undefined) return { kind: 'daemon', reference: daemon }
  if (build !== undefined) return { kind: 'build', path: build }
  const outer = of && sourceOf(of)
  return inside !== undefined && outer ? { kind: 'inside', path: inside, of: outer } : undefined
}

/** Every part of the recipe that has a source, by its name; `images.NAME` for what a service has beyond the base. */
export function recipeParts(recipe: Recipe): Map<string, Source> {
  const { kernel, engine, images, loader, uefi, ros, osConfig } = recipe
  const parts = new Map<string, Source>()
  const add = (name: string, keys: SourceKeys | undefined) => {
    const source = keys && sourceOf(keys)
    if (source) parts.set(name, source)
  }
  add('kernel', kernel)
  add('engine', engine)
  add('docker', engine.docker)
  add('base', images.base)
  add('images', images.from)
  for (const [name, service] of Object.entries(images.services)) add(`images.${name}`, service)
  // BIOSes are only on machines of this architecture.
  if (recipe.arch === 'amd64') add('loader', loader)
  add('uefi', uefi)
  parts.set('ros', (ros && sourceOf(ros)) ?? { kind: 'kit' })
  if (osConfig !== undefined && !isBuiltInConfig(osConfig))
    parts.set('osConfig', { kind: 'file', path: osConfig })
  return parts
}
