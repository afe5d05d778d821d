import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { compareNames } from '@ros/bytes'
import { parse } from 'yaml'
import { assetText } from './assets.ts'
import { DistroError } from './error.ts'

/** Default configurations that come with the kit beside its own, by name. */
const BUILT_IN = ['v0.4.3', 'v0.4.3_arm'] as const

export function isBuiltInConfig(name: string): boolean {
  return (BUILT_IN as readonly string[]).includes(name)
}

/** The text of a built-in configuration; without a name the kit's own. */
export function builtInConfig(name: string | undefined): Promise<string> {
  return assetText(name === undefined ? 'os-config.yml' : `os-config-${name}.yml`)
}

/** The configuration that a recipe names, before anything is locked. */
export async function namedConfig(name: string | undefined, folder: string): Promise<string> {
  if (name === undefined || isBuiltInConfig(name)) return builtInConfig(name)
  const path = resolve(folder, name)
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DistroError('ROS_DISTRO_INPUT', 'cannot read the configuration', { subject: path, cause })
  })
}

/** Sections whose services are on board from the start (rancher/os v0.4.3, `ros config images`). */
const SECTIONS = ['bootstrap', 'autoformat', 'cloud_init_services', 'services']

/** The images that a configuration names, sorted, each once: what `ros config images -i` prints. */
export function configImages(text: string, version: string): string[] {
  const config: unknown = parse(text.replaceAll('${VERSION}', version))
  const rancher = property(config, 'rancher')
  const images = SECTIONS.flatMap((section) => {
    const services = property(rancher, section)
    return services !== null && typeof services === 'object' ? Object.values(services) : []
  }).map((service) => property(service, 'image'))
  return [...new Set(images.filter((image) => typeof image === 'string'))].sort(compareNames)
}

function property(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined
}
