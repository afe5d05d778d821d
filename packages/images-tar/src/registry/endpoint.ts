import { isLoopback, parseUrl } from '@ros/store'
import type { Reference } from '../reference.ts'

/** A server that speaks the registry protocol for a repository. */
export interface Endpoint {
  /** `https://host[:port]/`. */
  readonly base: URL
  /** Goes before repositories: '' or `name/`. */
  readonly prefix: string
  /** Whether plain http is spoken when https is not. */
  readonly plain: boolean
  /** As credentials go by. */
  readonly host: string
}

/** How hosts of registries are reached. */
export interface EndpointOptions {
  /** By registry host: addresses to be asked before the registry itself. A path of the address goes before the repository's. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /** Hosts, with port where one is used, that may be spoken to without TLS. Loopback always may. */
  readonly insecure?: readonly string[]
}

/** What goes before a registry's name where its protocol is spoken. */
const PREFIX: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.' }

/** Servers for a repository, in the order they are to be asked: mirrors, then the registry that the reference names. */
export function endpoints(reference: Pick<Reference, 'domain'>, options: EndpointOptions): Endpoint[] {
  const { domain } = reference
  const mirrors = options.mirrors?.[domain] ?? []
  const own = toEndpoint(new URL(`https://${PREFIX[domain] ?? ''}${domain}`), options, domain)
  return [
    ...mirrors.map((address) => {
      const url = parseUrl(address)
      return toEndpoint(url, options, url.host)
    }),
    own,
  ]
}

function toEndpoint(base: URL, options: EndpointOptions, host: string): Endpoint {
  const told = options.insecure?.includes(base.host) ?? false
  const path = base.pathname.replace(/^\/+|\/+$/g, '')
  const prefix = path === '' ? '' : `${path}/`
  return { base: new URL('/', base.href), prefix, host, plain: told || isLoopback(base) }
}
