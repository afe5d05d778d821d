import { ImagesTarError } from './error.ts'
import type { ImageConfig } from './model.ts'

/** An image configuration from its bytes, checked as far as this package uses it. Throws `ROS_IMAGES_TAR_CONFIG`. */
export function parseImageConfig(bytes: Uint8Array, subject: string): ImageConfig {
  const value = parseJson(bytes, subject)
  const root = object(value, subject, 'configuration')
  for (const field of ['architecture', 'os']) {
    if (typeof root[field] !== 'string') throw configError(subject, `${field} is no text`, root[field])
  }
  const rootfs = object(root['rootfs'], subject, 'rootfs')
  if (rootfs['type'] !== 'layers') throw configError(subject, 'rootfs.type is not "layers"', rootfs['type'])
  if (!Array.isArray(rootfs['diff_ids']))
    throw configError(subject, 'rootfs.diff_ids is no list', rootfs['diff_ids'])
  for (const diffId of rootfs['diff_ids']) {
    if (typeof diffId !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(diffId))
      throw configError(subject, 'rootfs.diff_ids has what is no SHA-256 digest', diffId)
  }
  if (root['config'] === null) delete root['config']
  if (root['history'] === null) delete root['history']
  if (root['config'] !== undefined) checkRunConfig(object(root['config'], subject, 'config'), subject)
  if (root['history'] !== undefined) {
    const history = root['history']
    if (!Array.isArray(history)) throw configError(subject, 'history is no list', history)
    for (const entry of history) object(entry, subject, 'history entry')
  }
  return value as ImageConfig
}

export function parseJson(bytes: Uint8Array, subject: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ImagesTarError('ROS_IMAGES_TAR_CONFIG', 'not JSON', { subject, cause })
  }
}

export function object(value: unknown, subject: string, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw configError(subject, `${what} is no object`, value)
}

/** `value` as a list of texts; null and undefined are an empty one. */
export function texts(value: unknown, subject: string, what: string): string[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw configError(subject, `${what} is no list of texts`, value)
}

function checkRunConfig(config: Record<string, unknown>, subject: string): void {
  for (const field of ['Env', 'Cmd', 'Entrypoint']) texts(config[field], subject, `config.${field}`)
  for (const field of ['User', 'WorkingDir', 'StopSignal']) {
    const value = config[field]
    if (value !== undefined && typeof value !== 'string')
      throw configError(subject, `config.${field} is no text`, value)
  }
  for (const field of ['Labels', 'Volumes', 'ExposedPorts']) {
    if (config[field] !== undefined && config[field] !== null)
      object(config[field], subject, `config.${field}`)
  }
}

function configError(subject: string, problem: string, got: unknown): ImagesTarError {
  const text = JSON.stringify(got) ?? 'nothing'
  return new ImagesTarError('ROS_IMAGES_TAR_CONFIG', problem, { subject, got: text.slice(0, 200) })
}
