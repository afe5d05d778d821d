import { type ByteSource, type Finding, finding, type LintRule, RosError, readAll } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { object, parseImageConfig, parseJson } from './image-config.ts'
import { lintLayer } from './lint-layer.ts'
import type { DockerSaveFinding } from './lint-rules.ts'
import { type Descriptor, type Manifest, type ManifestIndex, MEDIA, parseManifest } from './manifest.ts'
import type { LayoutFiles } from './read-oci-layout.ts'

const layout = 'OCI image-spec, image-layout.md'
const rule = (severity: LintRule['severity'], section: string, fault: string): LintRule => ({
  severity,
  section,
  fault,
})

/** What `lintOciLayout` looks for; in layers it looks for what `lintDockerSave` does, under that one's rules. */
export const ociLayoutRules = {
  'oci/layout': rule('error', `${layout} §oci-layout file`, 'no oci-layout file, or one of another version'),
  'oci/index': rule('error', `${layout} §index.json file`, 'index.json that is missing or no index'),
  'oci/manifest': rule('error', 'OCI image-spec, manifest.md', 'manifest that is damaged or ambiguous'),
  'oci/blob-missing': rule('error', `${layout} §Blobs`, 'blob that is not in the layout'),
  'oci/blob-size': rule('error', 'OCI image-spec, descriptor.md', 'blob of another size than said'),
  'oci/blob-digest': rule('error', `${layout} §Blobs`, 'blob with another digest than its name'),
  'oci/config': rule('error', 'OCI image-spec, config.md', 'configuration that is none of an image'),
  'oci/layer-count': rule(
    'error',
    'OCI image-spec, config.md §rootfs',
    'other number of layers than of diff_ids in a manifest',
  ),
  'oci/no-name': rule('warning', 'OCI image-spec, annotations.md', 'image of the index without a name'),
  'oci/unreferenced': rule('warning', `${layout} §Blobs`, 'blob that nothing names'),
} satisfies Record<string, LintRule>

/** Names of the rules for OCI image layouts. */
export type OciLayoutRule = keyof typeof ociLayoutRules
export type OciLayoutFinding = Finding<OciLayoutRule> | DockerSaveFinding

/** Files to be linted, and where they are when they are parts of one file. */
export interface LintedLayout extends LayoutFiles {
  readonly paths: readonly string[]
  offset?(path: string): number | undefined
}

const MAX_JSON = 16_777_216
const MAX_DEPTH = 4
const INDEX = 'index.json'

/** What is wrong with an OCI layout. Every blob that is named is read once, layers decompressed. Throws what the source throws. */
export async function* lintOciLayout(files: LintedLayout): AsyncGenerator<OciLayoutFinding, void> {
  const linter = new Linter(files)
  yield* linter.version()
  yield* linter.index()
  yield* linter.unreferenced()
}

class Linter {
  readonly #files: LintedLayout
  readonly #seen = new Set<string>()

  constructor(files: LintedLayout) {
    this.#files = files
  }

  async *version(): AsyncGenerator<OciLayoutFinding, void> {
    const source = this.#files.file('oci-layout')
    const problem = source ? await versionProblem(source) : 'it is missing'
    if (problem !== undefined) yield this.#find('oci/layout', 'oci-layout', problem)
  }

  async *index(): AsyncGenerator<OciLayoutFinding, void> {
    const source = this.#files.file(INDEX)
    const parsed = source ? await parse(source, INDEX) : 'it is missing'
    if (typeof parsed === 'string' || parsed.kind !== 'index') {
      yield this.#find('oci/index', INDEX, typeof parsed === 'string' ? parsed : 'it is a manifest')
      return
    }
    for (const descriptor of parsed.manifests) {
      const named = Object.keys(descriptor.annotations ?? {}).some((key) => /\.(ref|image)\.name$/.test(key))
      if (!named) yield this.#find('oci/no-name', descriptor.digest, 'tools find it by its digest only')
      yield* this.#manifest(descriptor, 0)
    }
  }

  *unreferenced(): Generator<OciLayoutFinding> {
    for (const path of this.#files.paths) {
      if (path.startsWith('blobs/') && !this.#seen.has(path))
        yield this.#find('oci/unreferenced', path, 'it takes room and is of no use')
    }
  }

  async *#manifest(descriptor: Descriptor, depth: number): AsyncGenerator<OciLayoutFinding, void> {
    const path = blobPath(descriptor)
    if (this.#seen.has(path)) return
    const source: ByteSource | undefined = yield* this.#blob(descriptor)
    if (!source) return
    const parsed = depth > MAX_DEPTH ? 'index leads to index after index' : await parse(source, path)
    if (typeof parsed === 'string') yield this.#find('oci/manifest', path, parsed)
    else if (parsed.kind === 'index')
      for (const each of parsed.manifests) yield* this.#manifest(each, depth + 1)
    else yield* this.#image(parsed, path)
  }

  async *#image(manifest: Manifest, path: string): AsyncGenerator<OciLayoutFinding, void> {
    const types: readonly string[] = [MEDIA.ociConfig, MEDIA.dockerConfig]
    const isImage = types.includes(manifest.config.mediaType) && manifest.artifactType === undefined
    const config: ByteSource | undefined = yield* this.#blob(manifest.config)
    let diffIds: readonly string[] | undefined
    if (isImage && config) {
      try {
        diffIds = parseImageConfig(await readAll(config, MAX_JSON), path).rootfs.diff_ids
      } catch (error) {
        if (!(error instanceof RosError)) throw error
        yield this.#find('oci/config', blobPath(manifest.config), error.message)
      }
    }
    if (diffIds && diffIds.length !== manifest.layers.length)
      yield this.#find(
        'oci/layer-count',
        path,
        `${manifest.layers.length} layers, ${diffIds.length} diff_ids`,
      )
    for (const [i, descriptor] of manifest.layers.entries()) {
      const known = this.#seen.has(blobPath(descriptor))
      const blob: ByteSource | undefined = yield* this.#blob(descriptor)
      const diffId = diffIds?.[i]
      const at = this.#files.offset?.(blobPath(descriptor)) ?? 0
      if (blob && diffId !== undefined && !known) yield* lintLayer(blob, at, blobPath(descriptor), diffId)
    }
  }

  /** A blob that is there and is what its descriptor says, or findings. */
  async *#blob(descriptor: Descriptor): AsyncGenerator<OciLayoutFinding, ByteSource | undefined> {
    const path = blobPath(descriptor)
    const known = this.#seen.has(path)
    this.#seen.add(path)
    const source = this.#files.file(path)
    if (!source) {
      if (!known) yield this.#find('oci/blob-missing', path, 'a manifest or index names it')
      return undefined
    }
    if (source.size !== descriptor.size)
      yield this.#find('oci/blob-size', path, `${source.size} bytes, its descriptor says ${descriptor.size}`)
    if (known) return source
    const got = await sha256(source)
    if (got === descriptor.digest) return source
    yield this.#find('oci/blob-digest', path, `its digest is ${got}`)
    return undefined
  }

  #find(id: OciLayoutRule, subject: string, message: string): OciLayoutFinding {
    return finding(ociLayoutRules, id, { offset: this.#files.offset?.(subject) ?? 0, subject }, message)
  }
}

function blobPath({ digest }: Descriptor): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`
}

async function versionProblem(source: ByteSource): Promise<string | undefined> {
  try {
    const value = parseJson(await readAll(source, MAX_JSON), 'oci-layout')
    const { imageLayoutVersion } = object(value, 'oci-layout', 'file')
    return imageLayoutVersion === '1.0.0'
      ? undefined
      : `version ${JSON.stringify(imageLayoutVersion)}, not 1.0.0`
  } catch (error) {
    if (!(error instanceof RosError)) throw error
    return error.message
  }
}

async function parse(source: ByteSource, subject: string): Promise<Manifest | ManifestIndex | string> {
  try {
    return parseManifest(await readAll(source, MAX_JSON), subject)
  } catch (error) {
    if (!(error instanceof RosError)) throw error
    return error.message
  }
}
