import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { rootCertificates } from 'node:tls'
import { HttpProxyAgent } from 'http-proxy-agent'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { getProxyForUrl } from 'proxy-from-env'
import { isLoopback } from './url.ts'

/** Connections that are kept for the next request, straight or through the proxy that the environment names. */
export class Agents {
  readonly #agents = new Map<string, HttpAgent>()
  readonly #tls: { ca?: string[] }

  constructor(ca: readonly string[] | undefined) {
    // Naming certificates replaces those that Node brings.
    this.#tls = ca && ca.length > 0 ? { ca: [...rootCertificates, ...ca] } : {}
  }

  for(url: URL): HttpAgent {
    const proxy = isLoopback(url) ? '' : getProxyForUrl(url.href)
    const key = `${url.protocol} ${proxy}`
    const agent = this.#agents.get(key) ?? this.#make(url.protocol === 'https:', proxy)
    this.#agents.set(key, agent)
    return agent
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
    this.#agents.clear()
  }

  #make(secure: boolean, proxy: string): HttpAgent {
    const options = { keepAlive: true, ...this.#tls }
    if (proxy === '') return secure ? new HttpsAgent(options) : new HttpAgent(options)
    if (!secure) return new HttpProxyAgent(proxy, options)
    const agent = new HttpsProxyAgent(proxy, options)
    // What it is given is for TLS with the proxy; TLS through the proxy takes the options of the request, which begin with these.
    Object.assign(agent, { options: { ...Reflect.get(agent, 'options'), ...this.#tls } })
    return agent
  }
}
