import { type Http, type HttpRequest, type HttpResponse, redacted, StoreError } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import type { Reference } from '../reference.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { Credential, CredentialSource } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'
import { basic, fetchToken } from './token.ts'

export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** Below `v2/` of the registry, or a whole address that the registry gave. */
  readonly to: string | URL
  /** `repository:NAME:pull`, `repository:NAME:pull,push`. */
  readonly scopes: readonly string[]
}

/** A token is used until so much before its end, lest it ends on the way. */
const MARGIN_MS = 5000

/** The exchange with one registry: how it wants to be spoken to is found out once, tokens are kept. */
export class Session {
  readonly endpoint: Endpoint
  readonly #http: Http
  readonly #credentials: CredentialSource
  #opening: Promise<{ readonly base: URL; readonly challenges: readonly Challenge[] }> | undefined
  #credential: Promise<Credential | undefined> | undefined
  readonly #tokens = new Map<string, { readonly header: string; readonly until: number }>()

  constructor(http: Http, endpoint: Endpoint, credentials: CredentialSource) {
    this.#http = http
    this.endpoint = endpoint
    this.#credentials = credentials
  }

  /** Name of a repository on this server. */
  repository(reference: Pick<Reference, 'path'>): string {
    return `${this.endpoint.prefix}${reference.path}`
  }

  /** The answer, whatever its status is, but never 401: that throws `ROS_IMAGES_TAR_AUTH`. */
  async request(wanted: RegistryRequest): Promise<HttpResponse> {
    this.#opening ??= this.#open()
    // A registry that did not answer may do so the next time.
    this.#opening.catch(() => (this.#opening = undefined))
    const { base, challenges } = await this.#opening
    const url = wanted.to instanceof URL ? wanted.to : new URL(`v2/${wanted.to}`, base.href)
    const { to: _, scopes, headers, ...rest } = wanted
    let offered = challenges
    for (let renewed = false; ; renewed = true) {
      // Uploads and downloads may be sent elsewhere; the token is for the registry alone.
      const authorization =
        url.origin === base.origin ? await this.#authorization(base, offered, scopes, renewed) : undefined
      const response = await this.#http.request({
        ...rest,
        url,
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      })
      if (response.status !== 401) return response
      response.discard()
      const said = parseChallenges(response.header('www-authenticate') ?? '')
      if (renewed || said.length === 0) throw this.#refused(await this.#known())
      offered = said
    }
  }

  async #open() {
    const { base, plain } = this.endpoint
    if (base.protocol === 'http:' && !plain) {
      throw new ImagesTarError('ROS_IMAGES_TAR_REGISTRY', 'registry without TLS', {
        subject: redacted(base),
        limit: 'https, but for loopback and hosts that are named as insecure',
        hint: `allow it with --insecure ${base.host}`,
      })
    }
    const secure = new URL(`https://${base.host}/`)
    if (base.protocol === 'https:') {
      try {
        // When plain http is allowed a failure here is the usual case, and not worth waiting for.
        return await this.#ping(secure, !plain)
      } catch (error) {
        if (!plain || !speaksPlain(error)) throw error
      }
    }
    return await this.#ping(new URL(`http://${base.host}/`), true)
  }

  async #ping(base: URL, retry: boolean) {
    const response = await this.#http.request({ url: new URL('v2/', base.href), retry })
    response.discard()
    if (response.status === 200) return { base, challenges: [] }
    if (response.status === 401)
      return { base, challenges: parseChallenges(response.header('www-authenticate') ?? '') }
    throw new ImagesTarError('ROS_IMAGES_TAR_REGISTRY', 'no registry answers there', {
      subject: redacted(response.url),
      got: `status ${response.status}`,
      limit: '200 or 401 (OCI distribution-spec, §Determining Support)',
    })
  }

  async #authorization(
    base: URL,
    challenges: readonly Challenge[],
    scopes: readonly string[],
    anew: boolean,
  ): Promise<string | undefined> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    if (!bearer) {
      if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined
      const credential = await this.#known()
      return credential && 'username' in credential ? basic(credential) : undefined
    }
    const key = [...scopes].sort().join(' ')
    const kept = this.#tokens.get(key)
    if (kept && !anew && performance.now() < kept.until) return kept.header
    const plain = base.protocol === 'http:'
    const token = await fetchToken(this.#http, bearer, scopes, await this.#known(), plain)
    const header = `Bearer ${token.text}`
    this.#tokens.set(key, { header, until: performance.now() + token.lifetimeMs - MARGIN_MS })
    return header
  }

  #known(): Promise<Credential | undefined> {
    this.#credential ??= this.#credentials(this.endpoint.host)
    return this.#credential
  }

  #refused(credential: Credential | undefined): ImagesTarError {
    const { host } = this.endpoint
    return new ImagesTarError(
      'ROS_IMAGES_TAR_AUTH',
      credential ? 'registry refuses the credentials' : 'registry wants credentials',
      { subject: host, hint: `\`docker login ${host}\` writes them to where they are looked for` },
    )
  }
}

/** What a server without TLS does to a client that begins with it; a certificate that is not trusted is another matter. */
function speaksPlain(error: unknown): boolean {
  if (!(error instanceof StoreError) || error.code !== 'ROS_HTTP_CONNECT') return false
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  return [
    'EPROTO',
    'ECONNRESET',
    'ECONNREFUSED',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  ].includes(code)
}
