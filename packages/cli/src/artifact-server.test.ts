import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artifactServer } from './artifact-server.ts'

let folder: string
let server: Server
const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251))
const digest = createHash('sha256').update(content).digest()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serve-'))
  writeFileSync(join(folder, 'vmlinuz'), content)
  writeFileSync(join(folder, 'initrd'), '')
  writeFileSync(join(folder, 'secret'), 'not for you')
  server = artifactServer({ folder })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = server.address() as AddressInfo
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const chunk of response) parts.push(chunk as Buffer)
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }
}

test('gives a file with its digest', async () => {
  const { status, headers, body } = await ask('/vmlinuz')
  expect(status).toBe(200)
  expect(body.equals(content)).toBe(true)
  expect(headers).toMatchObject({
    'content-length': '1000',
    'accept-ranges': 'bytes',
    etag: `"${digest.toString('hex')}"`,
    'repr-digest': `sha-256=:${digest.toString('base64')}:`,
  })
  expect((await ask('/initrd')).body.length).toBe(0)
  expect(await ask('/vmlinuz', {}, 'HEAD')).toMatchObject({ status: 200, body: Buffer.alloc(0) })
  expect((await ask('/vmlinuz', { 'If-None-Match': String(headers.etag) })).status).toBe(304)
})

describe('ranges', () => {
  test.each<[string, string, number, number]>([
    ['from the start', 'bytes=0-0', 0, 1],
    ['in the middle', 'bytes=100-299', 100, 300],
    ['to the end', 'bytes=990-', 990, 1000],
    ['beyond the end', 'bytes=990-5000', 990, 1000],
    ['the last ones', 'bytes=-10', 990, 1000],
    ['more than all of the last ones', 'bytes=-5000', 0, 1000],
  ])('%s', async (_, range, start, end) => {
    const { status, headers, body } = await ask('/vmlinuz', { Range: range })
    expect([status, headers['content-range']]).toEqual([206, `bytes ${start}-${end - 1}/1000`])
    expect(body.equals(content.subarray(start, end))).toBe(true)
  })

  test.each(['bytes=1000-', 'bytes=-0'])('%s is not to be had', async (range) => {
    expect(await ask('/vmlinuz', { Range: range })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */1000' },
    })
  })

  test.each(['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-'])('%s gives the whole', async (range) => {
    expect((await ask('/vmlinuz', { Range: range })).status).toBe(200)
  })

  test('of another content, when a condition says so', async () => {
    const asked = (tag: string) => ask('/vmlinuz', { Range: 'bytes=0-1', 'If-Range': tag })
    expect((await asked(`"${digest.toString('hex')}"`)).status).toBe(206)
    expect((await asked('"another"')).status).toBe(200)
  })
})

test('gives nothing else', async () => {
  for (const path of [
    '/',
    '/secret',
    '/../secret',
    '/%2e%2e/secret',
    '/constructor',
    '/rancheros.iso',
    '//vmlinuz',
  ])
    expect([path, (await ask(path)).status]).toEqual([path, 404])
  expect(await ask('/vmlinuz', {}, 'PUT')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
})
