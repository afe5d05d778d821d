import {
  fetchBytes,
  type Http,
  type Keyring,
  type Rewrite,
  rewriteUrl,
  type Store,
  urlSource,
  verifyCleartext,
} from '@ros/store'
import { parseRelease, type ReleaseFile, releaseError } from './release-file.ts'
import { checkNotOlder } from './seen-releases.ts'

/** One suite of a repository, as the third word of a line of sources.list(5) names it. */
export interface RepositorySuite {
  /** `bookworm`, `bookworm-security`. */
  readonly suite: string
  /** Folder of the archive on a mirror: `debian`, `debian-security`; '' for the mirror's root. */
  readonly path: string
  readonly components: readonly string[]
}

/** Where archives are to be had. */
export interface MirrorAccess {
  /** Addresses that have all the suites' folders below them, tried in this order. */
  readonly mirrors: readonly string[]
  readonly suites: readonly RepositorySuite[]
  readonly http: Http
  readonly rewrites?: readonly Rewrite[]
}

/** Debian repositories that are read over HTTP, without apt. */
export interface Repository extends MirrorAccess {
  /** Whose signature is believed. */
  readonly keyring: Keyring
  /** Against which signatures and Valid-Until are held. */
  readonly now: Date
}

/** A large mirror's InRelease has 200 kB. */
const RELEASE_LIMIT = 16 * 1024 ** 2
/** Clocks differ. */
const SKEW_MS = 600_000

/** Download sources for a path below each mirror. */
export function mirrorSources({ mirrors, http, rewrites = [] }: MirrorAccess, path: string) {
  return mirrors
    .map((mirror) => (mirror.endsWith('/') ? mirror : `${mirror}/`))
    .flatMap((mirror) => rewriteUrl(mirror + path, rewrites))
    .map((url) => urlSource(http, url))
}

/** Path of something in a suite's archive. */
export function archivePath({ path }: RepositorySuite, below: string): string {
  return path === '' ? below : `${path.replace(/\/+$/, '')}/${below}`
}

/**
 * A suite's Release file: signed by the keyring, of the suite that was asked for, not from the future, not beyond Valid-Until, and
 * not older than one that was seen before. Throws `ROS_OPENPGP_SIGNATURE`, `ROS_DEBIAN_RELEASE`, `ROS_HTTP_…`.
 */
export async function fetchRelease(
  repository: Repository,
  suite: RepositorySuite,
  store: Store,
): Promise<ReleaseFile> {
  const subject = `${suite.suite}: InRelease`
  const from = mirrorSources(repository, archivePath(suite, `dists/${suite.suite}/InRelease`))
  const bytes = await fetchBytes({ subject, from, limit: RELEASE_LIMIT })
  const { keyring, now } = repository
  const { content, fingerprint } = await verifyCleartext(bytes, { keyring, subject, now })
  const release = parseRelease(new TextDecoder().decode(content), subject)
  if (suite.suite !== release.suite && suite.suite !== release.codename) {
    throw releaseError(
      subject,
      'is of another suite',
      `suite ${release.suite}, codename ${release.codename}`,
      'the mirror mixes suites up, or somebody does',
    )
  }
  if (release.date > now.getTime() + SKEW_MS)
    throw releaseError(
      subject,
      'is from the future',
      iso(release.date),
      `by this clock it is ${now.toISOString()}`,
    )
  if (release.validUntil !== undefined && release.validUntil < now.getTime())
    throw releaseError(
      subject,
      'has expired',
      `Valid-Until ${iso(release.validUntil)}`,
      'the mirror is not kept up any more',
    )
  await checkNotOlder(store, release, fingerprint, subject)
  return release
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
