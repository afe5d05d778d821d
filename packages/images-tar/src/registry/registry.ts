import { RosError } from '@ros/bytes'
import { type Http, type HttpOptions, openHttp } from '@ros/store'
import type { Reference } from '../reference.ts'
import { type CredentialSource, dockerCredentials } from './credentials.ts'
import { type EndpointOptions, endpoints } from './endpoint.ts'
import { Session } from './session.ts'

/** How registries are spoken to. */
export interface RegistryOptions extends EndpointOptions {
  /** Default: what `docker login` has left. */
  readonly credentials?: CredentialSource
  /** A client to be used, or options of one that is made. */
  readonly http?: Http | HttpOptions
  /** Bytes of blobs there so far, and in all. */
  readonly onProgress?: (done: number, total: number | undefined) => void
  /** Told when a mirror is passed over, and why. */
  readonly onPassedOver?: (mirror: string, reason: string) => void
  readonly signal?: AbortSignal
}

/** Sessions with registries, kept as long as what needs them runs. */
export class Registries {
  readonly #http: Http
  readonly #credentials: CredentialSource
  readonly #options: RegistryOptions
  readonly #owned: boolean
  readonly #sessions = new Map<string, Session>()

  constructor(options: RegistryOptions) {
    const { http, signal } = options
    this.#owned = !isClient(http)
    this.#http = isClient(http) ? http : openHttp({ ...(signal && { signal }), ...http })
    this.#credentials = options.credentials ?? dockerCredentials()
    this.#options = options
  }

  /** Those to read a repository from, in order. */
  readers(reference: Pick<Reference, 'domain'>): Session[] {
    return endpoints(reference, this.#options).map((endpoint) => this.#session(endpoint))
  }

  /** What the first server that can gives. When none can, the error is that of the registry itself, which comes last. */
  async fromReaders<T>(
    reference: Pick<Reference, 'domain'>,
    use: (session: Session) => Promise<T>,
  ): Promise<T> {
    const sessions = this.readers(reference)
    for (const [position, session] of sessions.entries()) {
      try {
        return await use(session)
      } catch (error) {
        if (!(error instanceof RosError) || position === sessions.length - 1) throw error
        this.#options.onPassedOver?.(session.endpoint.base.host, error.message)
      }
    }
    throw new Error('a registry has an endpoint')
  }

  /** The one to write to: never a mirror. */
  writer(reference: Pick<Reference, 'domain'>): Session {
    const [own] = endpoints(reference, { ...this.#options, mirrors: {} })
    if (!own) throw new Error('a registry has an endpoint')
    return this.#session(own)
  }

  close(): void {
    if (this.#owned) this.#http.close()
  }

  #session(endpoint: ReturnType<typeof endpoints>[number]): Session {
    const key = `${endpoint.base.href}${endpoint.prefix} ${endpoint.host}`
    const session = this.#sessions.get(key) ?? new Session(this.#http, endpoint, this.#credentials)
    this.#sessions.set(key, session)
    return session
  }
}

/** Runs `use` with sessions that are closed after it. */
export async function withRegistries<T>(
  options: RegistryOptions,
  use: (registries: Registries) => Promise<T>,
): Promise<T> {
  const registries = new Registries(options)
  try {
    return await use(registries)
  } finally {
    registries.close()
  }
}

function isClient(http: Http | HttpOptions | undefined): http is Http {
  return http !== undefined && 'request' in http
}
