import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestCertificate } from './certificate.ts'

export interface TokenServer {
  readonly realm: string
  readonly service: string
  readonly issuer: string
  /** What was asked for: `METHOD account scope scope`. */
  readonly asked: string[]
  stop(): Promise<void>
}

/**
 * Gives out bearer tokens as distribution's spec/auth/jwt.md says: to `username` with `password`, or for the refresh token `refresh`, all
 * that is asked for; to others only pull. Speaks TLS with the certificate that also signs the tokens.
 */
export async function startTokenServer(
  certificate: TestCertificate,
  username: string,
  password: string,
  refresh = 'refresh-token',
): Promise<TokenServer> {
  const pem = { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) }
  const asked: string[] = []
  const service = 'test registry'
  const issuer = 'test issuer'
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const server = createTlsServer(pem, (request, response) => {
    void body(request).then((text) => {
      const query = new URL(request.url ?? '', 'https://localhost').searchParams
      const form = new URLSearchParams(text)
      const scopes = [...query.getAll('scope'), ...form.getAll('scope').flatMap((each) => each.split(' '))]
      asked.push([request.method, query.get('account') ?? '-', ...scopes].join(' '))
      const { authorization } = request.headers
      if (authorization !== undefined && authorization !== basic) return response.writeHead(401).end()
      if (request.method === 'POST' && form.get('refresh_token') !== refresh)
        return response.writeHead(401).end()
      const trusted = authorization !== undefined || request.method === 'POST'
      const access = scopes.map((scope) => {
        const [, type, name, actions = ''] = /^(\w+):(.*):([\w,]*)$/.exec(scope) ?? []
        return { type, name, actions: actions.split(',').filter((action) => trusted || action === 'pull') }
      })
      const token = jwt(pem, { iss: issuer, sub: username, aud: service, access })
      return response.end(
        JSON.stringify(request.method === 'POST' ? { access_token: token } : { token, expires_in: 300 }),
      )
    })
  })
  await listen(server)
  const { port } = server.address() as AddressInfo
  return {
    realm: `https://127.0.0.1:${port}/token`,
    service,
    issuer,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function jwt(pem: { cert: Buffer; key: Buffer }, claims: object): string {
  const now = Math.floor(Date.now() / 1000)
  const chain = [new X509Certificate(pem.cert).raw.toString('base64')]
  const parts = [
    { typ: 'JWT', alg: 'ES256', x5c: chain },
    { ...claims, iat: now, nbf: now - 10, exp: now + 300, jti: randomUUID() },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const key = createPrivateKey(pem.key)
  const signature = sign('sha256', Buffer.from(parts.join('.')), { key, dsaEncoding: 'ieee-p1363' })
  return [...parts, signature.toString('base64url')].join('.')
}

async function body(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

function listen(server: Server | ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
}
