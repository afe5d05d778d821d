import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** An HTTP proxy for TLS (CONNECT, RFC 9110 §9.3.6) that leads every name to one port of loopback. */
export interface ConnectProxy {
  readonly url: string
  /** `HOST:PORT` of each request, with the credentials given. */
  readonly asked: string[]
  stop(): Promise<void>
}

export async function startConnectProxy(target: string): Promise<ConnectProxy> {
  const asked: string[] = []
  const open = new Set<Socket>()
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connect', (request, client: Socket, head: Buffer) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`)
    const socket = connect(Number(target.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.write(head)
      socket.pipe(client).pipe(socket)
    })
    for (const each of [client, socket]) {
      open.add(each)
      each.on('error', () => each.destroy()).on('close', () => open.delete(each))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://me:secret@127.0.0.1:${port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const each of open) each.destroy()
      }),
  }
}
