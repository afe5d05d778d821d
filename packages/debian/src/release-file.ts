import { checkDigest, type Digest } from '@ros/bytes/node'
import { parseParagraphs } from './deb822.ts'
import { DebianError } from './error.ts'

/** A `Release` file: what a suite says of itself and of its indexes (Debian repository format, "Release" files). */
export interface ReleaseFile {
  readonly origin: string
  readonly suite: string
  readonly codename: string
  /** Milliseconds since 1970. */
  readonly date: number
  readonly validUntil?: number
  readonly components: readonly string[]
  readonly architectures: readonly string[]
  /** Packages of it are taken only where nothing else has them (backports), or never by themselves. */
  readonly preference: number
  readonly acquireByHash: boolean
  /** Index files by their path below the suite's folder. */
  readonly files: ReadonlyMap<string, { readonly digest: Digest; readonly size: number }>
}

/** Reads a Release file. `subject` names it in errors: `ROS_DEBIAN_RELEASE`. Nothing is verified here. */
export function parseRelease(text: string, subject: string): ReleaseFile {
  const [paragraph, ...more] = parseParagraphs(text, subject)
  if (!paragraph || more.length > 0) throw releaseError(subject, 'is not one paragraph')
  const { fields } = paragraph
  const field = (name: string) => fields.get(name) ?? ''
  const list = (name: string) => field(name).split(/\s+/).filter(Boolean)
  const automatic = field('notautomatic') !== 'yes'
  const upgrades = field('butautomaticupgrades') === 'yes'
  const validUntil = field('valid-until')
  return {
    origin: field('origin'),
    suite: field('suite'),
    codename: field('codename'),
    date: parseDate(field('date'), 'Date', subject),
    ...(validUntil !== '' && { validUntil: parseDate(validUntil, 'Valid-Until', subject) }),
    components: list('components'),
    architectures: list('architectures'),
    // apt_preferences(5), "APT's Default Priority Assignments".
    preference: automatic ? 500 : upgrades ? 100 : 1,
    acquireByHash: field('acquire-by-hash') === 'yes',
    files: parseFiles(field('sha256'), subject),
  }
}

function parseFiles(text: string, subject: string): ReleaseFile['files'] {
  const files = new Map<string, { digest: Digest; size: number }>()
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, digest, size, path] = /^\s*([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)\s*$/.exec(line) ?? []
    if (digest === undefined || path === undefined || /^\/|(^|\/)\.\.(\/|$)/.test(path))
      throw releaseError(
        subject,
        'has a line under SHA256 that names no file',
        JSON.stringify(line.slice(0, 120)),
      )
    files.set(path, { digest: checkDigest(`sha256:${digest}`, subject), size: Number(size) })
  }
  return files
}

/** RFC 5322's form in UTC, the only one that the repository format allows. */
function parseDate(text: string, name: string, subject: string): number {
  const form = /^(?:\w{3}, )? ?\d{1,2} \w{3} \d{4} \d{1,2}:\d{2}:\d{2} (?:UTC|GMT|\+0000|Z)$/
  const time = form.test(text) ? Date.parse(text.replace(/(UTC|Z|\+0000)$/, 'GMT')) : Number.NaN
  if (Number.isNaN(time))
    throw releaseError(subject, `has no ${name} that can be read`, JSON.stringify(text.slice(0, 80)))
  return time
}

export function releaseError(subject: string, problem: string, got?: string, hint?: string): DebianError {
  return new DebianError('ROS_DEBIAN_RELEASE', problem, {
    subject,
    ...(got !== undefined && { got }),
    ...(hint !== undefined && { hint }),
  })
}
