import { DebianError } from './error.ts'

/** Order of two Debian versions: negative, zero or positive (Debian Policy §5.6.12). Bad syntax throws `ROS_DEBIAN_SYNTAX`. */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0
  const left = splitVersion(a)
  const right = splitVersion(b)
  if (left.epoch !== right.epoch) return left.epoch - right.epoch
  return compareParts(left.upstream, right.upstream) || compareParts(left.revision, right.revision)
}

/** Throws `ROS_DEBIAN_SYNTAX` unless `text` is a version as policy §5.6.12 and deb-version(7) write it. Returns it. */
export function checkVersion(text: string, subject: string): string {
  const { upstream, revision } = splitVersion(text, subject)
  const allowed = /^[A-Za-z0-9.+~:-]+$/.test(upstream) && /^[A-Za-z0-9.+~]*$/.test(revision)
  if (!allowed || text.endsWith('-')) throw versionError(text, subject)
  return text
}

interface VersionParts {
  readonly epoch: number
  readonly upstream: string
  /** '' when absent, which compares as '0' does. */
  readonly revision: string
}

function splitVersion(text: string, subject = 'version'): VersionParts {
  const colon = text.indexOf(':')
  const epoch = colon < 0 ? '0' : text.slice(0, colon)
  if (!/^\d{1,10}$/.test(epoch)) throw versionError(text, subject)
  const rest = text.slice(colon + 1)
  const hyphen = rest.lastIndexOf('-')
  const upstream = hyphen < 0 ? rest : rest.slice(0, hyphen)
  if (upstream === '') throw versionError(text, subject)
  return { epoch: Number(epoch), upstream, revision: hyphen < 0 ? '' : rest.slice(hyphen + 1) }
}

/** Alternately the longest run of non-digits, by `weight`, and of digits, by value; an empty number is zero. */
function compareParts(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    for (;;) {
      const left = weight(a, i)
      const right = weight(b, j)
      if (left !== right) return left - right
      if (left === 0) break
      i++
      j++
    }
    const [left, afterLeft] = takeDigits(a, i)
    const [right, afterRight] = takeDigits(b, j)
    if (left.length !== right.length) return left.length - right.length
    if (left !== right) return left < right ? -1 : 1
    i = afterLeft
    j = afterRight
  }
  return 0
}

/** A tilde sorts before the end of the part, letters before all that is no letter; the end and digits weigh nothing. */
function weight(text: string, index: number): number {
  const character = text[index]
  if (character === undefined || (character >= '0' && character <= '9')) return 0
  if (character === '~') return -1
  const code = character.charCodeAt(0)
  return /[A-Za-z]/.test(character) ? code : code + 256
}

/** Digits without leading zeros, compared as text so that no length is too long, and the index after them. */
function takeDigits(text: string, start: number): [string, number] {
  let end = start
  while (end < text.length && (text[end] ?? '') >= '0' && (text[end] ?? '') <= '9') end++
  let first = start
  while (first < end && text[first] === '0') first++
  return [text.slice(first, end), end]
}

function versionError(text: string, subject: string): DebianError {
  return new DebianError('ROS_DEBIAN_SYNTAX', 'not a Debian version', {
    subject,
    got: JSON.stringify(text),
    limit: '[epoch:]upstream[-revision], Debian Policy §5.6.12',
  })
}
