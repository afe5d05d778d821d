import { redirectTarget } from './redirect.ts'
import { isTransient, waitFor } from './retry.ts'
import { statusError } from './status.ts'
import { type Answer, Transport } from './transport.ts'
import { parseUrl } from './url.ts'

/** Trust, limits and proxies of a client. */
export interface HttpOptions {
  /** Certificates in PEM that are trusted beside the system's. */
  readonly ca?: readonly string[]
  /** Milliseconds until the first byte of an answer, and between two chunks of a body; default 60 000. */
  readonly timeoutMs?: number
  /** A body must bring this many bytes in each `timeoutMs` of waiting for it; default 4096. */
  readonly minimumBytes?: number
  /** How often a request is sent again after 408, 429, 5xx or a lost connection; default 5. */
  readonly retries?: number
  /** First pause before that, doubled each time; default 500. `Retry-After` goes before it. */
  readonly backoffMs?: number
  /** Longest pause; a server that asks for a longer one is not waited for. Default 30 000. */
  readonly maxBackoffMs?: number
  /** Default 5. */
  readonly maxRedirects?: number
  readonly userAgent?: string
  readonly signal?: AbortSignal
  /** Told before each pause. */
  readonly onRetry?: (event: RetryEvent) => void
}

/** A try that failed and will be made again. */
export interface RetryEvent {
  /** The address without credentials and query. */
  readonly url: string
  readonly reason: string
  readonly pauseMs: number
}

/** One request. */
export interface HttpRequest {
  readonly url: string | URL
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `authorization` and `cookie` go to the first origin only, never along with a redirect to another one. */
  readonly headers?: Readonly<Record<string, string>>
  /** Opened for each try. */
  readonly body?: { readonly size: number; open(): AsyncIterable<Uint8Array> }
  /** False: lost connections and refusals for the moment come back at once. Default true. */
  readonly retry?: boolean
}

/** An answer, its body not read yet. */
export interface HttpResponse {
  readonly status: number
  /** Address that answered, after redirects. */
  readonly url: URL
  header(name: string): string | undefined
  /** Announced length; undefined when the server does not say. */
  readonly size: number | undefined
  /** Watched: throws `ROS_HTTP_TIMEOUT`, `ROS_HTTP_CUT`. To be read or discarded. */
  readonly body: AsyncIterable<Uint8Array>
  /** Ends the exchange without reading the body. */
  discard(): void
}

/** A client: `openHttp` makes it. */
export interface Http {
  /**
   * Any answer that is not a redirect, and not one that asks to come again later. Throws `ROS_HTTP_…` (`…_STATUS` only for
   * refusals that went on through all tries).
   */
  request(request: HttpRequest): Promise<HttpResponse>
  /** Closes idle connections. */
  close(): void
}

const DEFAULTS = {
  timeoutMs: 60_000,
  minimumBytes: 4096,
  retries: 5,
  backoffMs: 500,
  maxBackoffMs: 30_000,
  maxRedirects: 5,
  userAgent: 'rancheros-kit',
}

/**
 * An HTTP client: node-fetch, proxies from the environment (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`; never for loopback),
 * redirects that are counted and neither leave http and https nor go from https to http, time limits, tries again with back-off.
 */
export function openHttp(options: HttpOptions = {}): Http {
  const settings = { ...DEFAULTS, ...options }
  const transport = new Transport(settings)
  const once = async (request: HttpRequest): Promise<HttpResponse> => {
    let url = parseUrl(request.url)
    let headers = { ...request.headers }
    for (let hops = 0; ; hops++) {
      const answer = await transport.exchange(url, { ...request, headers })
      const location = redirectLocation(answer)
      if (location === undefined) return answer
      answer.discard()
      const target = redirectTarget(url, location, hops, settings.maxRedirects, request)
      if (target.origin !== url.origin) headers = withoutSecrets(headers)
      url = target
    }
  }
  const request = async (wanted: HttpRequest): Promise<HttpResponse> => {
    for (let attempt = 0; ; attempt++) {
      const last = attempt >= settings.retries || wanted.retry === false
      let response: HttpResponse | undefined
      try {
        response = await once(wanted)
        if (!isTransient(response)) return response
        if (wanted.retry === false) return response
        if (last) throw await statusError(response, wanted.method)
      } catch (error) {
        if (last || !isTransient(error)) throw error
        await waitFor(settings, attempt, parseUrl(wanted.url), error)
        continue
      }
      response.discard()
      await waitFor(settings, attempt, parseUrl(wanted.url), response)
    }
  }
  return { request, close: () => transport.close() }
}

function redirectLocation(answer: Answer): string | undefined {
  return [301, 302, 303, 307, 308].includes(answer.status) ? answer.header('location') : undefined
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !['authorization', 'cookie'].includes(name.toLowerCase())),
  )
}
