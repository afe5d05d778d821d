import { collect } from '@ros/bytes'
import { afterEach, expect, test } from 'vitest'
import { type Handler, startServer, type TestServer } from '../../test/server.ts'
import { type Http, type HttpOptions, openHttp } from './http.ts'

const open: { stop(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
})

async function serve(handler: Handler, host?: string): Promise<TestServer> {
  const server = await startServer(handler, host)
  open.push(server)
  return server
}

function client(options: HttpOptions = {}): Http {
  const http = openHttp({ backoffMs: 5, timeoutMs: 5000, ...options })
  open.push({ stop: () => http.close() })
  return http
}

const text = async (http: Http, url: string, headers: Record<string, string> = {}) => {
  const response = await http.request({ url, headers })
  return `${response.status} ${new TextDecoder().decode(await collect(response.body, 1e6))}`
}

test('an answer, its headers and its body; nothing is asked to be compressed', async () => {
  const server = await serve((request, response) => {
    response.setHeader('x-seen', String(request.headers['accept-encoding']))
    response.end('hello')
  })
  const response = await client().request({ url: `${server.url}/a?b=c` })
  expect(response.status).toBe(200)
  expect(response.size).toBe(5)
  expect(response.header('x-seen')).toBe('undefined')
  expect(new TextDecoder().decode(await collect(response.body, 10))).toBe('hello')
  expect(server.requests.map(({ line }) => line)).toEqual(['GET /a?b=c'])
})

test('a 404 is an answer like any other', async () => {
  const server = await serve((_, response) => response.writeHead(404).end('no'))
  expect(await text(client(), server.url)).toBe('404 no')
})

test('HEAD announces a length and has no body', async () => {
  const server = await serve((_, response) => response.setHeader('content-length', 5).end())
  const response = await client().request({ url: server.url, method: 'HEAD' })
  expect(response.size).toBe(5)
  expect(await collect(response.body, 10)).toHaveLength(0)
})

test('503, 429 with Retry-After and a lost connection are tried again', async () => {
  let count = 0
  const server = await serve((request, response) => {
    count++
    if (count === 1) response.writeHead(503).end('busy')
    else if (count === 2) response.writeHead(429, { 'retry-after': '0' }).end()
    else if (count === 3) request.socket.destroy()
    else response.end('at last')
  })
  const reasons: string[] = []
  const http = client({ onRetry: ({ reason }) => reasons.push(reason) })
  expect(await text(http, server.url)).toBe('200 at last')
  expect(reasons).toEqual([
    'server answers 503',
    'server answers 429',
    expect.stringContaining('no connection'),
  ])
})

test('a storm that does not end is an error that quotes the server', async () => {
  const server = await serve((_, response) => response.writeHead(503).end('down for the day\n'))
  await expect(text(client({ retries: 2 }), server.url)).rejects.toMatchObject({
    code: 'ROS_HTTP_STATUS',
    message: expect.stringMatching(/server answers 503 to GET.*down for the day/),
  })
  expect(server.requests).toHaveLength(3)
})

test('a Retry-After beyond the limit is not waited for', async () => {
  const server = await serve((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end())
  await expect(text(client(), server.url)).rejects.toMatchObject({
    code: 'ROS_HTTP_STATUS',
    got: 'Retry-After of 3600 s',
  })
  expect(server.requests).toHaveLength(1)
})

test('redirects are followed; another host is not told the credentials', async () => {
  const target = await serve((_, response) => response.end('there'), '127.0.0.2')
  const server = await serve((request, response) => {
    if (request.url === '/one') response.writeHead(302, { location: '/two' }).end()
    else response.writeHead(307, { location: `${target.url}/three` }).end()
  })
  const headers = { authorization: 'Basic c2VjcmV0', cookie: 'a=b', 'x-other': '1' }
  expect(await text(client(), `${server.url}/one`, headers)).toBe('200 there')
  expect(server.requests.map((each) => each.headers.authorization)).toEqual([
    'Basic c2VjcmV0',
    'Basic c2VjcmV0',
  ])
  expect(target.requests[0]?.headers).toMatchObject({ 'x-other': '1' })
  expect(target.requests[0]?.headers).not.toHaveProperty('authorization')
  expect(target.requests[0]?.headers).not.toHaveProperty('cookie')
})

test.each([
  ['a loop', '/loop', 'too many redirects'],
  ['another scheme', 'file:///etc/passwd', 'redirect to another scheme'],
  ['nonsense', 'http://[', 'redirect leads nowhere'],
])('a redirect to %s is refused', async (_, location, problem) => {
  const server = await serve((_request, response) => response.writeHead(302, { location }).end())
  await expect(text(client(), server.url)).rejects.toMatchObject({
    code: 'ROS_HTTP_REDIRECT',
    message: expect.stringContaining(problem),
  })
  expect(server.requests.length).toBeLessThanOrEqual(6)
})

test('a cut body is an error, never an end', async () => {
  const server = await serve((request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setTimeout(() => request.socket.destroy(), 20)
  })
  await expect(text(client(), server.url)).rejects.toMatchObject({ code: 'ROS_HTTP_CUT' })
})

test('a cut chunked body is an error as well', async () => {
  const server = await serve((request, response) => {
    response.write('half')
    setTimeout(() => request.socket.destroy(), 20)
  })
  await expect(text(client(), server.url)).rejects.toMatchObject({ code: 'ROS_HTTP_CUT' })
})

test('a server that does not answer, or stops sending, is given up', async () => {
  const silent = await serve(() => undefined)
  const http = client({ timeoutMs: 100, retries: 0 })
  await expect(text(http, silent.url)).rejects.toMatchObject({ code: 'ROS_HTTP_TIMEOUT' })
  const stopped = await serve((_, response) => response.write('a'))
  await expect(text(http, stopped.url)).rejects.toMatchObject({ code: 'ROS_HTTP_TIMEOUT' })
})

test('a slow drip is given up', async () => {
  const server = await serve((_, response) => {
    const timer = setInterval(() => response.write('a'), 10)
    response.on('close', () => clearInterval(timer))
  })
  await expect(text(client({ timeoutMs: 100 }), server.url)).rejects.toMatchObject({
    code: 'ROS_HTTP_TIMEOUT',
    message: expect.stringContaining('too slowly'),
  })
})

test('a body that is sent arrives, once for each try', async () => {
  const bodies: string[] = []
  const server = await serve((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => {
      bodies.push(`${request.headers['content-length']} ${body}`)
      response.writeHead(bodies.length === 1 ? 503 : 201).end()
    })
  })
  const bytes = new TextEncoder().encode('content')
  const response = await client().request({
    url: server.url,
    method: 'PUT',
    body: {
      size: bytes.length,
      async *open() {
        yield bytes
      },
    },
  })
  expect(response.status).toBe(201)
  expect(bodies).toEqual(['7 content', '7 content'])
})

test('the proxy of the environment is used, and not for loopback', async () => {
  const proxy = await serve((request, response) => response.end(`proxied ${request.url}`))
  const server = await serve((_, response) => response.end('straight'))
  process.env['http_proxy'] = proxy.url
  try {
    const http = client()
    expect(await text(http, 'http://mirror.invalid/file')).toBe('200 proxied http://mirror.invalid/file')
    expect(await text(http, server.url)).toBe('200 straight')
  } finally {
    delete process.env['http_proxy']
  }
})

test('only http and https addresses are asked for', async () => {
  await expect(text(client(), 'file:///etc/passwd')).rejects.toMatchObject({ code: 'ROS_HTTP_URL' })
  await expect(text(client(), 'nonsense')).rejects.toMatchObject({ code: 'ROS_HTTP_URL' })
})

test('an abort ends waiting and reading with its own reason', async () => {
  const server = await serve((_, response) => response.write('a'))
  const controller = new AbortController()
  const reading = text(client({ signal: controller.signal }), server.url)
  setTimeout(() => controller.abort(new Error('stopped by the user')), 50)
  await expect(reading).rejects.toThrow('stopped by the user')
})
