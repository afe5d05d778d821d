import type { RegistryOptions } from '@ros/images-tar/registry'
import { type DownloadSource, type Http, openHttp, type Rewrite, rewriteUrl, urlSource } from '@ros/store'
import { DistroError } from './error.ts'
import type { ProgressSink } from './progress.ts'

export interface NetworkOptions {
  readonly offline: boolean
  /** In the order of their weight: the user's before the recipe's. */
  readonly rewrites: readonly Rewrite[]
  readonly report: ProgressSink
  readonly signal: AbortSignal | undefined
}

/** The way to the network, or the wall before it. */
export interface Network {
  readonly offline: boolean
  readonly rewrites: readonly Rewrite[]
  /** Throws `ROS_DISTRO_OFFLINE` when the network may not be used for `subject`. */
  http(subject: string): Http
  /** How registries are spoken to: a rule for `https://HOST/` names mirrors of the registry HOST. Throws `ROS_DISTRO_OFFLINE`. */
  registry(subject: string): RegistryOptions
  /** Where an address is to be asked for, mirrors in its place. Throws `ROS_DISTRO_OFFLINE`. */
  sources(url: string, subject: string): DownloadSource[]
}

export function openNetwork({ offline, rewrites, report, signal }: NetworkOptions): Network {
  const http = openHttp({
    onRetry: ({ url, reason, pauseMs }) =>
      report({ step: 'fetch', text: `${url}: ${reason}; again in ${(pauseMs / 1000).toFixed(1)} s` }),
    ...(signal && { signal }),
  })
  const allowed = (subject: string) => {
    if (!offline) return http
    throw new DistroError('ROS_DISTRO_OFFLINE', 'not in the cache, and the network may not be used', {
      subject,
      hint: 'fetch it once without --offline, or import a cache that has it',
    })
  }
  return {
    offline,
    rewrites,
    http: allowed,
    registry: (subject) => ({
      ...registryMirrors(rewrites),
      http: allowed(subject),
      ...(signal && { signal }),
    }),
    sources: (url, subject) => rewriteUrl(url, rewrites).map((one) => urlSource(allowed(subject), one)),
  }
}

/** A mirror that is named with http:// may be spoken to so: that was said. */
function registryMirrors(rewrites: readonly Rewrite[]): Pick<RegistryOptions, 'mirrors' | 'insecure'> {
  const mirrors: Record<string, readonly string[]> = {}
  for (const { from, to } of rewrites) {
    const [, host] = /^https:\/\/([^/]+)\/$/.exec(from) ?? []
    if (host !== undefined) mirrors[host] ??= to
  }
  const insecure = Object.values(mirrors)
    .flat()
    .filter((address) => address.startsWith('http://'))
    .map((address) => new URL(address).host)
  return { mirrors, insecure }
}
