import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAll } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../test/server.ts'
import { openStore, type Store } from '../store.ts'
import { type Download, download, urlSource } from './download.ts'
import { openHttp } from './http.ts'

const content = new Uint8Array(1_000_000).map((_, i) => (i * 2_654_435_761) % 251)
const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
const http = openHttp({ backoffMs: 5, timeoutMs: 5000, retries: 2 })

let directory = ''
let store: Store
const servers: TestServer[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ros-download-'))
  store = await openStore(directory)
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  await rm(directory, { recursive: true })
})

async function serve(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const server = await startServer(handler)
  servers.push(server)
  return server
}

/** Serves ranges; `cutAfter` bytes of each answer the connection is lost. */
function ranges(bytes: Uint8Array, cutAfter = Number.POSITIVE_INFINITY) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const part = bytes.subarray(start)
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': part.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    })
    if (part.length <= cutAfter) response.end(part)
    else response.write(part.subarray(0, cutAfter), () => setTimeout(() => request.socket.destroy(), 5))
  }
}

const wanted = (server: TestServer, more: Partial<Download> = {}): Download => ({
  digest,
  size: content.length,
  subject: 'the file',
  from: [urlSource(http, `${server.url}/file`)],
  ...more,
})

async function expectNothingKept(): Promise<void> {
  expect(await store.has(digest)).toBe(false)
  expect(await readdir(join(directory, 'temporary'))).toEqual([])
}

test('fetched once, then taken from the store', async () => {
  const server = await serve(ranges(content))
  const progress: number[] = []
  const got = await download(store, wanted(server, { onProgress: (done) => progress.push(done) }))
  expect(await readAll(got, 2e6)).toEqual(content)
  expect(progress.at(-1)).toBe(content.length)
  await download(store, wanted(server))
  expect(server.requests).toHaveLength(1)
  expect(await readdir(join(directory, 'temporary'))).toEqual([])
})

test('a body cut again and again is gone on with by ranges', async () => {
  const server = await serve(ranges(content, 300_000))
  await download(store, wanted(server))
  const asked = server.requests.map(({ headers }) => headers.range)
  expect(asked[0]).toBeUndefined()
  expect(asked.length).toBeGreaterThanOrEqual(4)
  expect(asked.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ''))).toBe(true)
})

test('what one run has left is gone on with in the next, which opens the store anew', async () => {
  let up = true
  const server = await serve((request, response) => {
    if (!up) request.socket.destroy()
    else ranges(content, 400_000)(request, response)
    up = false
  })
  await expect(download(store, wanted(server))).rejects.toMatchObject({
    code: expect.stringMatching(/^ROS_HTTP_/),
  })
  await expectNothingKept()
  expect(await readdir(join(directory, 'partial'))).toEqual([digest.slice(7)])

  const whole = await serve(ranges(content))
  await download(await openStore(directory), wanted(whole))
  expect(whole.requests[0]?.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
  expect(await readdir(join(directory, 'partial'))).toEqual([])
})

test('what a killed process was writing is gone on with', async () => {
  const server = await serve(ranges(content, 400_000))
  const script = `
    import { openStore, openHttp, download, urlSource } from '@ros/store'
    const store = await openStore(${JSON.stringify(directory)})
    const from = [urlSource(openHttp(), ${JSON.stringify(`${server.url}/file`)})]
    const onProgress = (done) => { if (done > 350000) process.kill(process.pid, 'SIGKILL') }
    await download(store, { digest: ${JSON.stringify(digest)}, subject: 'file', from, onProgress })`
  const child = spawn(process.execPath, ['--conditions=@ros/source', '--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: 'ignore',
  })
  const signal = await new Promise((resolve) => child.on('exit', (_code, by) => resolve(by)))
  expect(signal).toBe('SIGKILL')
  expect((await readdir(join(directory, 'temporary'))).length).toBe(1)

  const later = await openStore(directory)
  expect(await readdir(join(directory, 'temporary'))).toEqual([])
  expect(await readdir(join(directory, 'partial'))).toEqual([digest.slice(7)])
  const whole = await serve(ranges(content))
  await download(later, wanted(whole))
  expect(whole.requests[0]?.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
})

test('what was left is not what the server has now: fetched anew, once', async () => {
  const path = await store.partials.take(digest)
  await writeFile(path, new Uint8Array(5000).fill(7))
  await store.partials.keep(path, digest)
  const server = await serve(ranges(content))
  await download(store, wanted(server))
  expect(server.requests.map(({ headers }) => headers.range)).toEqual(['bytes=5000-', undefined])
})

test('a server without ranges sends all of it again', async () => {
  let count = 0
  const server = await serve((request, response) => {
    delete request.headers.range
    ranges(content, count++ === 0 ? 1000 : undefined)(request, response)
  })
  await download(store, wanted(server))
  expect(await store.has(digest, content.length)).toBe(true)
})

test('other content is refused and not kept', async () => {
  const server = await serve(ranges(content.map((byte) => byte + 1)))
  await expect(download(store, wanted(server))).rejects.toMatchObject({ code: 'ROS_BYTES_DIGEST' })
  await expectNothingKept()
  expect(await readdir(join(directory, 'partial'))).toEqual([])
})

test('of two sources the one that lies is passed over', async () => {
  const liar = await serve(ranges(content.map((byte) => byte + 1)))
  const absent = await serve((_, response) => response.writeHead(404).end())
  const server = await serve(ranges(content))
  const from = [absent, liar, server].map(({ url }) => urlSource(http, url))
  expect((await download(store, wanted(server, { from }))).digest).toBe(digest)
})

test('a length other than the wanted one, and an endless body, end at the limit', async () => {
  const long = await serve(ranges(new Uint8Array(2_000_000)))
  await expect(download(store, wanted(long))).rejects.toMatchObject({ code: 'ROS_HTTP_SIZE' })
  const endless = await serve((_, response) => {
    const more = () => {
      while (response.write(new Uint8Array(65_536)));
      response.once('drain', more)
    }
    more()
  })
  const unsized = { digest, subject: 'the file', maxSize: 3_000_000, from: [urlSource(http, endless.url)] }
  await expect(download(store, unsized)).rejects.toMatchObject({ code: 'ROS_HTTP_SIZE' })
  await expectNothingKept()
  expect(await readdir(join(directory, 'partial'))).toEqual([])
})

test('a refusal names the status', async () => {
  const server = await serve((_, response) => response.writeHead(403).end('not for you'))
  await expect(download(store, wanted(server))).rejects.toMatchObject({
    code: 'ROS_HTTP_STATUS',
    message: expect.stringContaining('403'),
  })
  await expect(download(store, wanted(server, { from: [] }))).rejects.toMatchObject({
    code: 'ROS_HTTP_CONNECT',
  })
})
