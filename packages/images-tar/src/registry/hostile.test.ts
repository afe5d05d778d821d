import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { collect, fromText } from '@ros/bytes'
import { type Digest, sha256 } from '@ros/bytes/node'
import { openStore, type Store } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type Answer,
  type Content,
  content,
  digestOf,
  type HostileRegistry,
  startHostile,
} from '../../test/hostile-registry.ts'
import { dockerLayout } from '../docker-layout.ts'
import { writeTreeTar } from '../tree-layer.ts'
import { type FetchImageOptions, fetchImage } from './fetch-image.ts'
import { resolveImage } from './resolve-image.ts'

let tar: Uint8Array
let good: Content
let folder = ''
let store: Store
const running: HostileRegistry[] = []

beforeAll(async () => {
  // Not to be compressed away: there must be something to cut.
  const noise = Array.from({ length: 20_000 }, (_, i) =>
    ((i * 2_654_435_761) % 4_294_967_296).toString(36),
  ).join('')
  tar = await collect(writeTreeTar(new Tree().add('noise', file(fromText(noise)))), 1e7)
  good = content(tar)
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-hostile-'))
  store = await openStore(folder)
})
afterEach(async () => {
  for (const registry of running.splice(0)) await registry.stop()
  await rm(folder, { recursive: true, force: true })
})

const options: FetchImageOptions = {
  credentials: () => Promise.resolve(undefined),
  http: { backoffMs: 2, timeoutMs: 300, retries: 3 },
}

async function registry(held: Content, answer: Answer = (_request, _response, next) => next()) {
  const started = await startHostile(held, answer)
  running.push(started)
  return started
}

async function pull(held: Content, answer?: Answer, more: FetchImageOptions = {}) {
  const { host } = await registry(held, answer)
  const pinned = await resolveImage(`${host}/a:v1`, 'linux/amd64', { ...options, ...more })
  return await fetchImage(pinned, store, { ...options, ...more })
}

/** Whatever has happened: all that the store holds is what its name says. */
afterEach(async () => {
  expect(await readdir(join(folder, 'temporary')).catch(() => [])).toEqual([])
})
async function expectProven(): Promise<void> {
  for (const name of await readdir(join(folder, 'sha256'), { recursive: true })) {
    const hex = /^[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(name)?.[1]
    if (hex === undefined) continue
    const digest: Digest = `sha256:${hex}`
    expect(await sha256(await store.source(digest))).toBe(digest)
  }
}

const blob =
  (digest: string, act: Answer): Answer =>
  (request, response, next) =>
    request.url?.endsWith(digest) ? act(request, response, next) : next()

test('as it should be', async () => {
  const image = await pull(good)
  expect(image.layers[0]?.diffId).toBe(digestOf(tar))
  await expectProven()
})

test('a manifest with another digest than asked for, or than promised', async () => {
  const { host } = await registry(good, (request, response, next) => {
    if (request.url?.endsWith('/manifests/v1')) response.setHeader('docker-content-digest', digestOf(tar))
    next()
  })
  await expect(resolveImage(`${host}/a:v1`, 'amd64', options)).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_DIGEST',
  })
  const other = content(new Uint8Array(1024))
  const lying = await registry(other, (request, response, next) => {
    if (request.url?.includes('/manifests/')) response.end(other.manifest)
    else next()
  })
  const pinned = { reference: `${lying.host}/a:v1`, digest: digestOf(good.manifest) }
  await expect(fetchImage(pinned, store, options)).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_DIGEST' })
  expect(await store.has(digestOf(good.manifest))).toBe(false)
  await expectProven()
})

test.each([
  ['both manifest and index', { manifests: [] }, 'ROS_IMAGES_TAR_MANIFEST'],
  ['of schema 3', { schemaVersion: 3 }, 'ROS_IMAGES_TAR_MANIFEST'],
  [
    'with a digest that is none',
    { config: { mediaType: 'x', digest: 'sha256:../../x', size: 1 } },
    'ROS_BYTES_DIGEST',
  ],
  [
    'with a length that is none',
    { layers: [{ mediaType: 'x', digest: digestOf(new Uint8Array()), size: -1 }] },
    'ROS_IMAGES_TAR_MANIFEST',
  ],
  ['with a layer too many', { layers: [] }, 'ROS_IMAGES_TAR_MANIFEST'],
])('a manifest %s', async (_, manifest, code) => {
  await expect(pull(content(tar, { manifest }))).rejects.toMatchObject({ code })
  await expectProven()
})

test('a manifest without end, or one that is no JSON', async () => {
  const endless: Answer = (request, response, next) => {
    if (!request.url?.includes('/manifests/')) return next()
    const more = () => {
      while (response.write(' '.repeat(65_536)));
      response.once('drain', more)
    }
    more()
  }
  await expect(pull(good, endless)).rejects.toMatchObject({ code: 'ROS_BYTES_LIMIT' })
  const html: Answer = (request, response, next) =>
    request.url?.includes('/manifests/') ? void response.end('<html>') : next()
  await expect(pull(good, html)).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_CONFIG' })
})

test('a layer that is another one, longer, shorter, or unpacks to another one', async () => {
  const other = gzipSync(new Uint8Array(5000))
  const instead = blob(good.layer, (_, response) => void response.end(other))
  await expect(pull(good, instead)).rejects.toMatchObject({
    code: expect.stringMatching(/^ROS_(BYTES_DIGEST|HTTP_CUT|HTTP_SIZE)$/),
  })
  const long = blob(good.layer, (_, response) => void response.end(new Uint8Array(5_000_000)))
  await expect(pull(good, long)).rejects.toMatchObject({ code: 'ROS_HTTP_SIZE' })
  await expect(pull(content(tar, { size: 5 }))).rejects.toMatchObject({ code: 'ROS_HTTP_SIZE' })
  await expect(pull(content(tar, { size: 5_000_000 }))).rejects.toMatchObject({ code: 'ROS_HTTP_CUT' })
  const wrongDiffId = content(tar, { diffId: digestOf(other) })
  await expect(pull(wrongDiffId)).rejects.toMatchObject({ code: 'ROS_BYTES_DIGEST' })
  expect(await readdir(join(folder, 'derived'))).toEqual([])
  await expectProven()
})

test('a configuration that lies', async () => {
  const lie = blob(good.config, (_, response) => void response.end('{"architecture":"amd64"}'))
  await expect(pull(good, lie)).rejects.toMatchObject({ code: 'ROS_BYTES_DIGEST' })
})

test('cut at every stage: what comes in pieces is put together', async () => {
  for (const stage of ['/v2/', '/manifests/', good.config, good.layer]) {
    let cuts = 0
    const image = await pull(good, (request, response, next) => {
      if (!request.url?.includes(stage) || cuts >= 2 || (stage === '/v2/' && request.url !== '/v2/'))
        return next()
      cuts++
      if (stage !== good.layer) return void request.socket.destroy()
      response.writeHead(200, { 'content-length': good.blobs.get(stage)?.length })
      response.write(good.blobs.get(stage)?.subarray(0, 20_000), () =>
        setTimeout(() => request.socket.destroy(), 5),
      )
    })
    expect(image.layers).toHaveLength(1)
  }
  await expectProven()
})

test('a download that was cut for good is gone on with in a later run', async () => {
  const short = blob(good.layer, (request, response) => {
    if (request.headers.range !== undefined) return void request.socket.destroy()
    response.writeHead(200, { 'content-length': good.blobs.get(good.layer)?.length })
    response.write(good.blobs.get(good.layer)?.subarray(0, 20_000), () =>
      setTimeout(() => request.socket.destroy(), 5),
    )
  })
  await expect(pull(good, short)).rejects.toMatchObject({ code: expect.stringMatching(/^ROS_HTTP_/) })
  await expectProven()
  const ranges: (string | undefined)[] = []
  await pull(
    good,
    blob(good.layer, (request, _, next) => {
      ranges.push(request.headers.range)
      next()
    }),
  )
  expect(ranges).toEqual(['bytes=20000-'])
})

test('storms of 503 and 429 that end are weathered, and those that do not are an error', async () => {
  let storm = 0
  const image = await pull(good, (_request, response, next) => {
    storm++
    if (storm % 3 === 0) next()
    else response.writeHead(storm % 3 === 1 ? 503 : 429, { 'retry-after': '0' }).end()
  })
  expect(image.layers).toHaveLength(1)
  const down: Answer = (_, response) => void response.writeHead(503).end('maintenance')
  await expect(pull(good, down)).rejects.toMatchObject({
    code: 'ROS_HTTP_STATUS',
    message: expect.stringContaining('maintenance'),
  })
})

test('silence, and a slow drip', async () => {
  await expect(
    pull(
      good,
      blob(good.layer, () => undefined),
      { http: { timeoutMs: 100, retries: 0 } },
    ),
  ).rejects.toMatchObject({
    code: 'ROS_HTTP_TIMEOUT',
  })
  const drip = blob(good.layer, (_, response) => {
    const timer = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(timer))
  })
  await expect(pull(good, drip, { http: { timeoutMs: 100, retries: 0 } })).rejects.toMatchObject({
    code: 'ROS_HTTP_TIMEOUT',
  })
})

test.each([['/v2/a/blobs/again'], ['file:///etc/passwd'], ['gopher://127.0.0.1/']])(
  'a blob that is redirected to %s',
  async (location) => {
    const away: Answer = (request, response, next) =>
      request.url?.includes('/blobs/again') || request.url?.endsWith(good.layer)
        ? void response.writeHead(307, { location }).end()
        : next()
    await expect(pull(good, away)).rejects.toMatchObject({ code: 'ROS_HTTP_REDIRECT' })
  },
)

test('a blob that lies elsewhere is fetched from there, without the token', async () => {
  const asked: (string | undefined)[] = []
  const storage = await registry(good, (request, _response, next) => {
    asked.push(request.headers.authorization)
    next()
  })
  const user = { credentials: () => Promise.resolve({ username: 'me', password: 'secret' }) }
  const challenge: Answer = (request, response, next) => {
    if (request.headers.authorization === undefined)
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    if (!request.url?.endsWith(good.layer)) return next()
    // Another port is another origin.
    return void response.writeHead(307, { location: `http://${storage.host}${request.url}` }).end()
  }
  await pull(good, challenge, user)
  expect(asked).toEqual([undefined])
})

test('a token server without TLS beside a registry elsewhere, and tokens that end a header', async () => {
  const realm: Answer = (request, response, next) => {
    if (request.url?.startsWith('/token')) return void response.end('{"token":"a\\r\\nX: y"}')
    if (request.headers.authorization !== undefined) return next()
    const host = request.headers.host
    return void response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token"` }).end()
  }
  await expect(pull(good, realm)).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_AUTH' })
})

test('a bomb stops at the limit', async () => {
  const zeros = new Uint8Array(20_000_000)
  const bomb = content(zeros)
  await expect(pull(bomb, undefined, { maxLayerSize: 1_000_000 })).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_LIMIT',
  })
  await expectProven()
})

test.each([['../../etc/passwd'], ['/etc/passwd'], ['a/../../b']])(
  'a layer with the path %s makes no tree',
  async (path) => {
    const text = await collect(
      writeTreeTar(new Tree().add('n'.repeat(path.length), file(fromText('x')))),
      1e5,
    )
    const header = text.subarray(0, 512)
    header.set(new TextEncoder().encode(path))
    header.fill(0x20, 148, 156)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
    const image = await pull(content(text))
    await expect(dockerLayout([image], { mtime: 0 })).rejects.toMatchObject({ code: 'ROS_TREE_PATH' })
  },
)
