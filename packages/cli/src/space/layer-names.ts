import { type ByteSource, readAll } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import { shorten } from '../picture/text.ts'

/** Larger ones are left unread: names are all that is wanted. */
const MAX_JSON = 1_048_576

/** Letters: a layer that many images have is named for the first of them. */
const MAX_WORDS = 120

/**
 * What the members of a docker-save archive or an OCI layout are for, by their paths: `layer 2 of busybox:1.36`. What
 * cannot be understood has no words; the archive itself was read, and proven, before.
 */
export async function layerNames(members: Tree): Promise<Map<string, string>> {
  const names = new Map<string, Set<string>>()
  const add = (path: string, words: string) => {
    const known = names.get(path) ?? new Set()
    names.set(path, known)
    // More than are shown, and no hostile archive's million of them.
    if (known.size < MAX_WORDS) known.add(words)
  }
  // Archives of docker 25 and later are both: manifest.json has the whole tags.
  const images = members.has('manifest.json') ? await saved(members) : await laidOut(members)
  for (const { image, config, layers } of images) {
    if (config !== undefined) add(config, `configuration of ${image}`)
    for (const [index, path] of layers.entries()) add(path, `layer ${index + 1} of ${image}`)
  }
  return new Map([...names].map(([path, words]) => [path, shorten([...words].join(', '), MAX_WORDS)]))
}

interface Parts {
  readonly image: string
  readonly config?: string
  readonly layers: readonly string[]
}

async function saved(members: Tree): Promise<Parts[]> {
  return list(await readJson(members, 'manifest.json')).map((entry) => {
    const config = text(field(entry, 'Config'))
    const image = texts(field(entry, 'RepoTags')).join(', ') || (config ?? 'an image')
    return { image, ...(config !== undefined && { config }), layers: texts(field(entry, 'Layers')) }
  })
}

async function laidOut(members: Tree): Promise<Parts[]> {
  const found: Parts[] = []
  for (const entry of list(field(await readJson(members, 'index.json'), 'manifests'))) {
    const path = blobPath(entry)
    if (path === undefined) continue
    const marks = field(entry, 'annotations')
    const reference =
      text(field(marks, 'io.containerd.image.name')) ??
      text(field(marks, 'org.opencontainers.image.ref.name'))
    const image = reference?.replace(/^docker\.io\/(library\/)?/, '') ?? path.slice(-64, -52)
    const manifest = await readJson(members, path)
    const config = blobPath(field(manifest, 'config'))
    const layers = list(field(manifest, 'layers')).map((layer) => blobPath(layer) ?? '')
    found.push({ image, ...(config !== undefined && { config }), layers })
  }
  return found
}

async function readJson(members: Tree, path: string): Promise<unknown> {
  const node = members.get(path)
  if (node?.type !== 'file' || node.content.size > MAX_JSON) return undefined
  return parse(await contentText(node.content))
}

async function contentText(content: ByteSource): Promise<string> {
  return new TextDecoder().decode(await readAll(content, MAX_JSON))
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function blobPath(descriptor: unknown): string | undefined {
  const digest = text(field(descriptor, 'digest'))
  return digest !== undefined && /^\w+:\w+$/.test(digest) ? `blobs/${digest.replace(':', '/')}` : undefined
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function texts(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string')
}
