import { ImagesTarError } from './error.ts'
import type { HistoryEntry, Image, ImageConfig, Layer, RunConfig } from './model.ts'
import { checkRepoTag } from './reference.ts'

/** What an image is made of. */
export interface ComposeOptions {
  /** `repository:tag` each; may be empty. */
  readonly repoTags: readonly string[]
  /** Put on top of the base's layers; empty for an image that differs in its configuration only. */
  readonly layers: readonly Layer[]
  /** The image below, as Dockerfile's FROM. */
  readonly base?: Image
  /** Over the base's: `Env`, `Labels`, `Volumes`, `ExposedPorts` by key; a new `Entrypoint` drops the base's `Cmd`. */
  readonly config?: RunConfig
  /** RFC 3339, or seconds since 1970-01-01 UTC. */
  readonly created: string | number
  /** `GOARCH`; default the base's, else amd64. */
  readonly architecture?: string
  /** What the history says of the new layers. */
  readonly comment?: string
}

// docker/layer: maxLayerDepth; overlay2 mounts no more lower directories.
const MAX_LAYERS = 125

/** Makes an image. Equal arguments give equal bytes and so an equal id. Throws `ROS_IMAGES_TAR_CONFIG` or `…_REFERENCE`. */
export function composeImage(options: ComposeOptions): Image {
  const { base } = options
  const layers = [...(base?.layers ?? []), ...options.layers]
  const subject = options.repoTags[0] ?? 'image without a name'
  if (layers.length < 1 || layers.length > MAX_LAYERS) {
    throw configError(subject, 'wrong number of layers', String(layers.length), `1 … ${MAX_LAYERS}`)
  }
  const repoTags = options.repoTags.map(checkRepoTag)
  const created = timestamp(options.created, subject)
  const architecture = options.architecture ?? base?.config.architecture ?? 'amd64'
  if (base && base.config.architecture !== architecture) {
    throw configError(subject, 'base is for another architecture', base.config.architecture, architecture)
  }
  const step: HistoryEntry = {
    created,
    created_by: 'rancheros-kit',
    ...(options.comment !== undefined && { comment: options.comment }),
  }
  const steps = options.layers.length > 0 ? options.layers.map(() => step) : [{ ...step, empty_layer: true }]
  const config: ImageConfig = {
    architecture,
    config: mergeRunConfig(base?.config.config ?? {}, options.config ?? {}, subject),
    created,
    history: [...baseHistory(base), ...steps],
    os: base?.config.os ?? 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  }
  return { config, configBytes: new TextEncoder().encode(JSON.stringify(config)), layers, repoTags }
}

/** History must name as many layers as there are: docker refuses to build on images where it does not. */
function baseHistory(base: Image | undefined): readonly HistoryEntry[] {
  if (!base) return []
  const history = base.config.history ?? []
  const made = history.filter((entry) => entry.empty_layer !== true).length
  if (made === base.layers.length) return history
  return base.layers.map(() => ({ created_by: 'unknown' }))
}

function mergeRunConfig(base: RunConfig, own: RunConfig, subject: string): RunConfig {
  const { Cmd: _dropped, ...withoutCmd } = base
  const inherited = own.Entrypoint !== undefined && own.Cmd === undefined ? withoutCmd : base
  const merged = {
    ...inherited,
    ...own,
    ...mergeKeys('Labels', base, own),
    ...mergeKeys('Volumes', base, own),
    ...mergeKeys('ExposedPorts', base, own),
    ...((base.Env ?? own.Env) && { Env: mergeEnv(base.Env ?? [], own.Env ?? [], subject) }),
  }
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function mergeKeys(key: 'Labels' | 'Volumes' | 'ExposedPorts', base: RunConfig, own: RunConfig): RunConfig {
  if (!base[key] && !own[key]) return {}
  const both: Record<string, unknown> = { ...base[key], ...own[key] }
  return { [key]: Object.fromEntries(Object.entries(both).sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** A variable keeps its place and takes the new value, as docker's ENV does. */
function mergeEnv(base: readonly string[], own: readonly string[], subject: string): string[] {
  const values = new Map<string, string>()
  for (const variable of [...base, ...own]) {
    const equals = variable.indexOf('=')
    if (equals < 1)
      throw configError(subject, 'environment variable is malformed', JSON.stringify(variable), 'NAME=value')
    values.set(variable.slice(0, equals), variable.slice(equals + 1))
  }
  return [...values].map(([name, value]) => `${name}=${value}`)
}

function timestamp(given: string | number, subject: string): string {
  if (typeof given === 'string') {
    if (
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(given) &&
      !Number.isNaN(Date.parse(given))
    ) {
      return given
    }
  } else if (Number.isSafeInteger(given) && given >= 0 && given <= 253_402_300_799) {
    return new Date(given * 1000).toISOString().replace('.000Z', 'Z')
  }
  throw configError(
    subject,
    'creation time is malformed',
    JSON.stringify(given),
    'RFC 3339, or whole seconds up to year 9999',
  )
}

function configError(subject: string, problem: string, got: string, limit: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_CONFIG', problem, { subject, got, limit })
}
