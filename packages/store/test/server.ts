import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server of the test's own, on a free port of loopback. */
export interface TestServer {
  readonly url: string
  /** `METHOD path` of each request, in order. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage['headers'] }[]
  stop(): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export async function startServer(handler: Handler, host = '127.0.0.1'): Promise<TestServer> {
  const requests: TestServer['requests'] = []
  const server = createServer((request, response) => {
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers })
    handler(request, response)
  })
  await listen(server, host)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, () => resolve())
  })
}
