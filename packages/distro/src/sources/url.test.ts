import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, parseRewrites } from '@ros/store'
import { createCleartextMessage, generateKey, sign } from 'openpgp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNetwork } from '../network.ts'
import type { SourceContext } from './context.ts'
import { fetchUrl, lockUrl } from './url.ts'

const content = Buffer.from('a kernel')
const hex = createHash('sha256').update(content).digest('hex')
const { privateKey } = await generateKey({ userIDs: [{ name: 'test' }], format: 'object' })

let folder: string
let answer: (path: string, request: IncomingMessage, response: ServerResponse) => void
let requests: string[]
const server = createServer((request, response) => {
  const path = request.url ?? ''
  requests.push(path)
  answer(path, request, response)
})
let base: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-url-'))
  requests = []
  answer = (_path, _request, response) => response.end(content)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  server.closeAllConnections()
  await new Promise((resolve) => {
    server.close(resolve)
  })
})

async function context(more: Partial<SourceContext> & { offline?: boolean } = {}): Promise<SourceContext> {
  const report = () => undefined
  const rewrites = parseRewrites([`https://origin.example/=${base}/mirror/`])
  const { offline = false, ...rest } = more
  return {
    arch: 'amd64',
    folder,
    store: await openStore(join(folder, 'cache')),
    network: openNetwork({ offline, rewrites, report, signal: undefined }),
    debian: { index: () => Promise.reject(new Error('not asked')), fetch: () => Promise.resolve() },
    pinNew: false,
    now: new Date(),
    report,
    signal: undefined,
    ...rest,
  }
}
const source = (more: object = {}) => ({
  kind: 'url' as const,
  urls: [`${base}/dir/linux.tar.gz?x=1`],
  ...more,
})
const locked = { name: 'linux.tar.gz', size: content.length, digest: `sha256:${hex}` as const }

describe('pinned by sha256', () => {
  test('is fetched once, and known by its file name', async () => {
    const here = await context()
    expect(await lockUrl(here, source({ sha256: hex }))).toEqual({ content: locked })
    await fetchUrl(here, source(), locked)
    expect(requests).toEqual(['/dir/linux.tar.gz?x=1'])
  })

  test('anything else is refused and not kept', async () => {
    const here = await context()
    await expect(lockUrl(here, source({ sha256: 'f'.repeat(64) }))).rejects.toMatchObject({
      code: 'ROS_BYTES_DIGEST',
    })
    expect(readdirSync(join(folder, 'cache/sha256'))).toEqual([])
    expect(readdirSync(join(folder, 'cache/partial'))).toEqual([])
  })

  test('is looked for where the rules say, and at each address', async () => {
    answer = (path, _request, response) => {
      if (path.startsWith('/mirror/')) response.end(content)
      else response.writeHead(404).end()
    }
    const urls = [`${base}/gone`, 'https://origin.example/linux.tar.gz']
    await lockUrl(await context(), source({ urls, sha256: hex }))
    expect(requests).toEqual(['/gone', '/mirror/linux.tar.gz'])
  })

  test('needs no network when it is in the store, and says so when it does', async () => {
    const offline = await context({ offline: true })
    await expect(lockUrl(offline, source({ sha256: hex }))).rejects.toMatchObject({
      code: 'ROS_DISTRO_OFFLINE',
      subject: 'linux.tar.gz',
    })
    await lockUrl(await context(), source({ sha256: hex }))
    expect(await lockUrl(offline, source({ sha256: hex }))).toEqual({ content: locked })
  })
})

describe('pinned by nothing', () => {
  test('is refused, with the way out', async () => {
    const error: unknown = await lockUrl(await context(), source()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ROS_DISTRO_UNPINNED', hint: expect.stringContaining('--pin-new') })
    expect(requests).toEqual([])
  })

  test('is pinned by what comes, when that is asked for', async () => {
    expect(await lockUrl(await context({ pinNew: true }), source())).toEqual({ content: locked })
  })

  test('a cut body is not taken for the whole', async () => {
    answer = (_path, request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write(content, () => request.socket.destroy())
    }
    await expect(lockUrl(await context({ pinNew: true }), source())).rejects.toMatchObject({
      code: 'ROS_HTTP_CUT',
    })
    expect(readdirSync(join(folder, 'cache/sha256'))).toEqual([])
    expect(readdirSync(join(folder, 'cache/temporary'))).toEqual([])
  })
})

describe('pinned by a signed list', () => {
  const list = async (text: string) => {
    const message = await createCleartextMessage({ text })
    return sign({ message, signingKeys: privateKey })
  }
  const signedBy = async (text: string) => {
    writeFileSync(join(folder, 'keys.asc'), privateKey.toPublic().armor())
    const body = await list(text)
    answer = (path, _request, response) => response.end(path.endsWith('SHA256SUMS') ? body : content)
    return source({ signed: { checksums: `${base}/SHA256SUMS`, keyring: 'keys.asc' } })
  }

  test.each([`${hex}  linux.tar.gz\n`, `${'0'.repeat(64)}  other\n${hex} *./linux.tar.gz`])(
    '%j',
    async (text) => {
      expect(await lockUrl(await context(), await signedBy(text))).toEqual({ content: locked })
    },
  )

  test.each([
    ['without the file', `${hex}  other.tar.gz\n`],
    ['with two sums of it', `${hex}  linux.tar.gz\n${'0'.repeat(64)}  linux.tar.gz\n`],
  ])('%s', async (_, text) => {
    await expect(lockUrl(await context(), await signedBy(text))).rejects.toMatchObject({
      code: 'ROS_DISTRO_DIGEST',
    })
  })

  test('of another key, unsigned, or against the sha256 of the recipe', async () => {
    const good = await signedBy(`${hex}  linux.tar.gz\n`)
    await expect(lockUrl(await context(), { ...good, sha256: 'f'.repeat(64) })).rejects.toMatchObject({
      code: 'ROS_DISTRO_DIGEST',
    })
    const other = await generateKey({ userIDs: [{ name: 'other' }], format: 'object' })
    writeFileSync(join(folder, 'keys.asc'), other.publicKey.armor())
    await expect(lockUrl(await context(), good)).rejects.toMatchObject({ code: 'ROS_OPENPGP_SIGNATURE' })
    answer = (_path, _request, response) => response.end(`${hex}  linux.tar.gz\n`)
    await expect(lockUrl(await context(), good)).rejects.toMatchObject({ code: 'ROS_OPENPGP_SIGNATURE' })
    rmSync(join(folder, 'keys.asc'))
    await expect(lockUrl(await context(), good)).rejects.toMatchObject({ code: 'ROS_DISTRO_INPUT' })
  })
})
