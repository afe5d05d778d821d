import { createHash } from 'node:crypto'
import type { ByteSource } from '@ros/bytes'
import { detectFormat, MAGIC_SIZE } from '@ros/compress'
import { object, parseImageConfig, parseJson, texts } from './image-config.ts'
import { isOwn, jsonFile, tryFile } from './lint-file.ts'
import { lintLayer } from './lint-layer.ts'
import { lintLegacy } from './lint-legacy.ts'
import { type DockerSaveFinding, saveFinding } from './lint-rules.ts'
import { parseReference } from './reference.ts'
import { indexTar, readAt, type TarIndex } from './tar-index.ts'

/**
 * What is wrong with a docker-save archive: what docker would refuse, and what tools take without a word although
 * names and contents contradict each other. Every layer is read once. Throws what the source throws.
 */
export async function* lintDockerSave(source: ByteSource): AsyncGenerator<DockerSaveFinding, void> {
  const format = detectFormat(await readAt(source, 0, Math.min(source.size, MAGIC_SIZE)))
  if (format !== undefined) {
    yield saveFinding(
      'save/compressed',
      0,
      'archive',
      `compressed with ${format}: docker reads it, many tools do not; decompress it to have it checked`,
    )
    return
  }
  let index: TarIndex
  try {
    index = await indexTar(source)
  } catch (error) {
    if (!isOwn(error)) throw error
    yield saveFinding('save/archive', 0, error.subject, error.message)
    return
  }
  const at = index.offset('manifest.json') ?? 0
  let manifest: unknown
  try {
    manifest = parseJson(await jsonFile(index, 'manifest.json'), 'manifest.json')
  } catch (error) {
    if (!isOwn(error)) throw error
    yield saveFinding('save/manifest', at, 'manifest.json', error.message)
    return
  }
  if (!Array.isArray(manifest)) {
    yield saveFinding('save/manifest', at, 'manifest.json', 'it is no list')
    return
  }
  const names = new Map<string, string>()
  const linted = new Set<string>()
  for (const [position, entry] of manifest.entries())
    yield* lintImage(index, entry, { at, subject: `manifest.json[${position}]`, names, linted })
  yield* lintLegacy(index)
}

interface ImageContext {
  /** Offset of manifest.json. */
  readonly at: number
  readonly subject: string
  /** Names so far, and the configuration each stands for. */
  readonly names: Map<string, string>
  /** Layers that were read already, with their diff_id. */
  readonly linted: Set<string>
}

async function* lintImage(
  index: TarIndex,
  entry: unknown,
  context: ImageContext,
): AsyncGenerator<DockerSaveFinding, void> {
  const { at, subject, linted } = context
  let [configPath, layers, tags]: [string, string[], string[]] = ['', [], []]
  try {
    const fields = object(entry, subject, 'entry')
    configPath = typeof fields['Config'] === 'string' ? fields['Config'] : ''
    layers = texts(fields['Layers'], subject, 'Layers')
    tags = texts(fields['RepoTags'], subject, 'RepoTags')
  } catch (error) {
    if (!isOwn(error)) throw error
    yield saveFinding('save/manifest', at, subject, error.message)
    return
  }
  yield* lintTags(tags, configPath, context)
  const diffIds: string[] | undefined = yield* lintConfig(index, configPath, at, subject)
  if (diffIds && diffIds.length !== layers.length)
    yield saveFinding('save/layer-count', at, subject, `${layers.length} layers, ${diffIds.length} diff_ids`)
  for (const [number, path] of layers.entries()) {
    const file = tryFile(index, path)
    if (!file)
      yield saveFinding('save/layer-missing', at, path, `layer ${number} of ${subject} is not in the archive`)
    const diffId = diffIds?.[number]
    const key = `${path} ${diffId}`
    if (!file || diffId === undefined || linted.has(key)) continue
    linted.add(key)
    yield* lintLayer(file, index.offset(path) ?? 0, path, diffId)
  }
}

function* lintTags(
  tags: readonly string[],
  configPath: string,
  { at, subject, names }: ImageContext,
): Generator<DockerSaveFinding> {
  if (tags.length === 0) yield saveFinding('save/no-tags', at, subject, 'loaded, it has an id only')
  for (const tag of tags) {
    try {
      if (parseReference(tag).tag === undefined)
        yield saveFinding('save/tag-version', at, tag, 'docker load wants repository:tag')
    } catch (error) {
      if (!isOwn(error)) throw error
      yield saveFinding('save/tag-grammar', at, tag, error.message)
    }
    const other = names.get(tag)
    if (other !== undefined && other !== configPath)
      yield saveFinding('save/tag-duplicate', at, tag, 'two images have the name: the later one gets it')
    names.set(tag, configPath)
  }
}

/** The diff_ids of a configuration that can be read. */
async function* lintConfig(
  index: TarIndex,
  path: string,
  at: number,
  subject: string,
): AsyncGenerator<DockerSaveFinding, string[] | undefined> {
  const file = tryFile(index, path)
  if (!file) {
    yield saveFinding(
      'save/config-missing',
      at,
      path || subject,
      `the configuration of ${subject} is not in the archive`,
    )
    return undefined
  }
  const offset = index.offset(path) ?? 0
  try {
    const bytes = await jsonFile(index, path)
    const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1]
    const got = createHash('sha256').update(bytes).digest('hex')
    if (named !== got) yield saveFinding('save/config-digest', offset, path, `its digest is ${got}`)
    return [...parseImageConfig(bytes, path).rootfs.diff_ids]
  } catch (error) {
    if (!isOwn(error)) throw error
    yield saveFinding('save/config', offset, path, error.message)
    return undefined
  }
}
