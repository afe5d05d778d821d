import { Readable } from 'node:stream'
import type { Response } from 'node-fetch'
import { StoreError } from '../error.ts'
import { Agents } from './agents.ts'
import { watchedBody } from './body.ts'
import type { HttpOptions, HttpRequest, HttpResponse } from './http.ts'
import { redacted } from './url.ts'

export type Answer = HttpResponse

export interface TransportSettings extends HttpOptions {
  readonly timeoutMs: number
  readonly minimumBytes: number
  readonly userAgent: string
}

/** One request and its answer, nothing followed and nothing tried again. */
export class Transport {
  readonly #settings: TransportSettings
  readonly #agents: Agents

  constructor(settings: TransportSettings) {
    this.#settings = settings
    this.#agents = new Agents(settings.ca)
  }

  async exchange(url: URL, request: HttpRequest): Promise<Answer> {
    const { timeoutMs, signal, userAgent } = this.#settings
    signal?.throwIfAborted()
    const { default: fetch } = await import('node-fetch')
    const controller = new AbortController()
    const abort = () => controller.abort()
    signal?.addEventListener('abort', abort, { once: true })
    let late = false
    let timer: NodeJS.Timeout | undefined
    const expect = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        late = true
        controller.abort()
      }, timeoutMs)
    }
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    let response: Response
    try {
      expect()
      response = await fetch(url, {
        method: request.method ?? 'GET',
        headers: { 'user-agent': userAgent, ...request.headers, ...bodyHeaders(request) },
        ...(request.body && {
          body: Readable.from(told(request.body.open(), expect), { objectMode: false }),
        }),
        redirect: 'manual',
        compress: false,
        agent: this.#agents.for(url),
        signal: controller.signal,
      })
    } catch (cause) {
      finish()
      signal?.throwIfAborted()
      if (late) throw noAnswer(url, timeoutMs)
      throw connectError(url, cause)
    }
    clearTimeout(timer)
    const discard = () => {
      finish()
      controller.abort()
    }
    const size = contentLength(response)
    // What answers HEAD announces a length and has no body.
    const announced = request.method === 'HEAD' ? undefined : size
    const body = watchedBody(response, { url, size: announced, settings: this.#settings, finish, discard })
    return {
      status: response.status,
      url,
      size,
      body,
      discard,
      header: (name) => response.headers.get(name) ?? undefined,
    }
  }

  close(): void {
    this.#agents.close()
  }
}

function bodyHeaders({ body }: HttpRequest): Record<string, string> {
  return body ? { 'content-length': String(body.size) } : {}
}

/** Each chunk that the server took is a sign of life. */
async function* told(chunks: AsyncIterable<Uint8Array>, alive: () => void): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    alive()
    yield chunk
  }
}

function contentLength(response: Response): number | undefined {
  const text = response.headers.get('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function noAnswer(url: URL, timeoutMs: number): StoreError {
  return new StoreError('ROS_HTTP_TIMEOUT', 'server does not answer', {
    subject: redacted(url),
    limit: `${timeoutMs} ms`,
  })
}

function connectError(url: URL, cause: unknown): StoreError {
  const { code, message } = cause as NodeJS.ErrnoException
  const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code ?? '')
  const reason = message.replace(/^request to \S+ failed, reason: ?/, '') || (code ?? 'no reason given')
  return new StoreError('ROS_HTTP_CONNECT', `no connection: ${reason}`, {
    subject: redacted(url),
    cause,
    ...(certificate && {
      hint: 'name the certificate authority of the server, in PEM, or let NODE_EXTRA_CA_CERTS do so',
    }),
  })
}
