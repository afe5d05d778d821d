import { ImagesTarError } from './error.ts'

/** An image reference with docker's defaults filled in. */
export interface Reference {
  /** Registry host, with port where one is named; `docker.io` when none was. */
  readonly domain: string
  /** Repository inside the registry; `library/` is put before a single name on docker.io. */
  readonly path: string
  readonly tag?: string
  /** `algorithm:hex`. */
  readonly digest?: string
}

const HUB = 'docker.io'
const MAX_NAME = 255

// The grammar is in the package comment of distribution/reference (reference.go).
const host =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/
const component = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/
const tagForm = /^\w[\w.-]{0,127}$/
const digestForm = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/

/** Reads `[host[:port]/]path[:tag][@digest]`. Throws `ROS_IMAGES_TAR_REFERENCE` naming the part that is wrong. */
export function parseReference(text: string): Reference {
  const fail = (problem: string, limit: string, hint?: string): ImagesTarError =>
    new ImagesTarError('ROS_IMAGES_TAR_REFERENCE', problem, {
      subject: JSON.stringify(text.slice(0, 300)),
      limit,
      ...(hint !== undefined && { hint }),
    })

  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !digestForm.test(digest)) {
    throw fail('digest is malformed', 'algorithm, colon, 32 or more hexadecimal digits')
  }
  const named = at < 0 ? text : text.slice(0, at)
  // A colon before the last slash belongs to the registry's port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const tag = colon < 0 ? undefined : named.slice(colon + 1)
  if (tag !== undefined && !tagForm.test(tag)) {
    throw fail('tag is malformed', '1 … 128 of letters, digits, _ . -, not starting with . or -')
  }
  const name = colon < 0 ? named : named.slice(0, colon)
  const { domain, path } = splitDomain(name)
  if (!host.test(domain))
    throw fail('registry host is malformed', 'host name or address, then :port if wanted')
  for (const part of path.split('/')) {
    if (component.test(part)) continue
    const lower = part.toLowerCase()
    throw fail(
      'repository is malformed',
      'parts of lower-case letters and digits, joined by one of . _ __ or dashes',
      lower !== part && component.test(lower) ? `repositories are lower case: ${lower}` : undefined,
    )
  }
  if (/^[0-9a-f]{64}$/.test(name))
    throw fail('repository looks like an image id', 'not 64 hexadecimal digits')
  if (`${domain}/${path}`.length > MAX_NAME) throw fail('name is too long', `${MAX_NAME} characters`)
  return { domain, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
}

/** The reference as docker prints it: without `docker.io/` and `library/`. */
export function formatReference(reference: Reference): string {
  const { domain, path, tag, digest } = reference
  const hub = domain === HUB
  const short = hub && /^library\/[^/]+$/.test(path) ? path.slice('library/'.length) : path
  const repository =
    hub && !isDomain(short.split('/')[0] ?? '', short.includes('/')) ? short : `${domain}/${path}`
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/**
 * `repository:tag` in docker's short form, as docker-save archives name images. Throws `ROS_IMAGES_TAR_REFERENCE`
 * when the tag is missing or a digest is given.
 */
export function checkRepoTag(text: string): string {
  const reference = parseReference(text)
  if (reference.tag === undefined || reference.digest !== undefined) {
    throw new ImagesTarError('ROS_IMAGES_TAR_REFERENCE', 'an image in an archive needs repository and tag', {
      subject: JSON.stringify(text),
      limit: 'repository:tag, no digest',
      hint: reference.tag === undefined ? `write ${text}:latest` : 'leave the digest out',
    })
  }
  return formatReference(reference)
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? name : name.slice(0, slash)
  if (isDomain(first, slash >= 0)) {
    const domain = first === 'index.docker.io' ? HUB : first
    return withLibrary(domain, name.slice(slash + 1))
  }
  return withLibrary(HUB, name)
}

function withLibrary(domain: string, path: string): { domain: string; path: string } {
  return { domain, path: domain === HUB && !path.includes('/') ? `library/${path}` : path }
}

/** The first part names a registry when it has a dot, a port or upper case, or is localhost (reference/normalize.go). */
function isDomain(first: string, followed: boolean): boolean {
  return followed && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
}
