import { createHash } from 'node:crypto'
import { checkDigest, type Digest } from '@ros/bytes/node'
import { object, parseJson } from '../image-config.ts'
import { manifestError } from '../manifest.ts'
import type { HistoryEntry } from '../model.ts'
import type { Platform } from '../platform.ts'

/** A manifest of docker before 1.10 (distribution, spec/manifest-v2-1.md). Lowest layer first. */
export interface Schema1Manifest {
  readonly platform: Platform
  /** Blobs of the layers, gzip each. */
  readonly layers: readonly Digest[]
  readonly history: readonly HistoryEntry[]
  /** What the topmost layer says of the whole image; without the fields of old that name layers. */
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * What the signatures of a signed manifest are made over, and its digest: the text without the signatures, put together
 * again as the protected header says (libtrust, jsonsign.go). A manifest without signatures is its own payload.
 */
export function schema1Payload(bytes: Uint8Array, subject: string): Uint8Array {
  const { signatures } = object(parseJson(bytes, subject), subject, 'manifest')
  if (signatures === undefined) return bytes
  if (!Array.isArray(signatures) || signatures.length === 0)
    throw manifestError(subject, 'signatures are no list', signatures)
  const payloads = signatures.map((signature) => {
    const { protected: coded } = object(signature, subject, 'signature')
    const header = object(parseJson(fromBase64Url(coded, subject), subject), subject, 'protected header')
    const { formatLength, formatTail } = header
    if (typeof formatLength !== 'number' || !(formatLength >= 0 && formatLength <= bytes.length))
      throw manifestError(subject, 'formatLength lies outside the manifest', formatLength)
    return Buffer.concat([bytes.subarray(0, formatLength), fromBase64Url(formatTail, subject)])
  })
  const [first, ...others] = payloads
  if (!first || others.some((other) => !other.equals(first)))
    throw manifestError(subject, 'signatures are made over different texts')
  return new Uint8Array(first)
}

/** Whether bytes are a manifest of schema 1. */
export function isSchema1(bytes: Uint8Array, subject: string): boolean {
  return object(parseJson(bytes, subject), subject, 'manifest')['schemaVersion'] === 1
}

export function parseSchema1(payload: Uint8Array, subject: string): Schema1Manifest {
  const root = object(parseJson(payload, subject), subject, 'manifest')
  const { fsLayers, history, architecture } = root
  if (root['schemaVersion'] !== 1 || typeof architecture !== 'string')
    throw manifestError(subject, 'no manifest of schema 1', root['schemaVersion'])
  if ('manifests' in root || 'layers' in root || 'config' in root)
    throw manifestError(subject, 'could be read as two kinds of manifest', Object.keys(root))
  if (!Array.isArray(fsLayers) || !Array.isArray(history) || fsLayers.length !== history.length)
    throw manifestError(subject, 'fsLayers and history differ in length', [fsLayers, history].map(lengthOf))
  if (fsLayers.length === 0) throw manifestError(subject, 'no layers', 0)

  const layers: Digest[] = []
  const steps: HistoryEntry[] = []
  const parsed = history.map((entry) => {
    const { v1Compatibility } = object(entry, subject, 'history entry')
    if (typeof v1Compatibility !== 'string')
      throw manifestError(subject, 'v1Compatibility is no text', v1Compatibility)
    return object(parseJson(new TextEncoder().encode(v1Compatibility), subject), subject, 'v1Compatibility')
  })
  for (let i = fsLayers.length - 1; i >= 0; i--) {
    const { blobSum } = object(fsLayers[i], subject, 'fsLayers entry')
    const step = parsed[i] ?? {}
    const empty = isEmpty(step)
    if (!empty) layers.push(checkDigest(String(blobSum), `${subject}: blobSum`))
    steps.push(historyEntry(step, empty))
  }
  const config = Object.fromEntries(Object.entries(parsed[0] ?? {}).filter(([key]) => !OF_OLD.has(key)))
  const os = typeof config['os'] === 'string' ? config['os'] : 'linux'
  return { platform: { os, architecture }, layers, history: steps, config }
}

/** Fields of a version 1 image that name it and its layers, or tell sizes. */
const OF_OLD = new Set(['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway', 'container_config_id'])

/** Without `throwaway` (docker 1.8 and 1.9) a layer of size 0 is one that a step which changes no file has made. */
function isEmpty(step: Record<string, unknown>): boolean {
  return step['throwaway'] === true || (step['throwaway'] === undefined && step['Size'] === 0)
}

function historyEntry(step: Record<string, unknown>, empty: boolean): HistoryEntry {
  const { created, author, comment, container_config } = step
  const { Cmd } = (container_config ?? {}) as { Cmd?: unknown }
  const command = Array.isArray(Cmd) ? Cmd.join(' ') : ''
  return {
    ...(typeof created === 'string' && { created }),
    ...(command !== '' && { created_by: command }),
    ...(typeof author === 'string' && author !== '' && { author }),
    ...(typeof comment === 'string' && comment !== '' && { comment }),
    ...(empty && { empty_layer: true }),
  }
}

/** The image's configuration, as `docker pull` makes it of the old one once the layers are unpacked. */
export function schema1Config(manifest: Schema1Manifest, diffIds: readonly Digest[]): Uint8Array {
  const config = {
    architecture: manifest.platform.architecture,
    os: manifest.platform.os,
    ...manifest.config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: manifest.history,
  }
  const sorted = Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)))
  return new TextEncoder().encode(JSON.stringify(sorted))
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function fromBase64Url(value: unknown, subject: string): Uint8Array {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]*={0,2}$/.test(value))
    throw manifestError(subject, 'not base64url', value)
  return Buffer.from(value, 'base64url')
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined
}
