import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { openStore } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCertificate, type TestCertificate } from '../../test/certificate.ts'
import { startConnectProxy } from '../../test/connect-proxy.ts'
import { skopeo, startRegistry, type TestRegistry } from '../../test/registry-server.ts'
import { startTokenServer, type TokenServer } from '../../test/token-server.ts'
import { composeImage } from '../compose-image.ts'
import { treeLayer } from '../tree-layer.ts'
import { writeDockerSave } from '../write-docker-save.ts'
import { type CredentialSource, dockerCredentials } from './credentials.ts'
import { fetchImage } from './fetch-image.ts'
import { resolveImage } from './resolve-image.ts'

const user = { username: 'builder', password: 'pass: word' }
let folder = ''
let tls: TestCertificate
let tokens: TokenServer
let byPassword: TestRegistry
let byToken: TestRegistry
let open: TestRegistry

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-auth-'))
  tls = await makeCertificate()
  tokens = await startTokenServer(tls, user.username, user.password)
  open = await startRegistry()
  byPassword = await startRegistry({ tls, htpasswd: user })
  byToken = await startRegistry({ tls, token: { ...tokens, certificate: join(tls.folder, 'ca.crt') } })
  const tree = new Tree().add('motd', file(fromText('hello\n')))
  const image = composeImage({ repoTags: ['a:v1'], layers: [await treeLayer(tree)], created: 0 })
  await replaceFile(join(folder, 'images.tar'), writeDockerSave([image]))
  const from = `docker-archive:${join(folder, 'images.tar')}`
  await skopeo('copy', '-q', '--dest-tls-verify=false', from, `docker://${open.host}/team/app:v1`)
  const creds = `--dest-creds=${user.username}:${user.password}`
  for (const { host } of [byPassword]) {
    await skopeo('copy', '-q', `--dest-cert-dir=${tls.folder}`, creds, from, `docker://${host}/team/app:v1`)
  }
})
afterAll(async () => {
  for (const each of [byPassword, byToken, open, tokens]) await each?.stop()
  await tls?.remove()
  await rm(folder, { recursive: true, force: true })
})

const resolve = (host: string, credentials: CredentialSource, options = {}) =>
  resolveImage(`${host}/team/app:v1`, 'linux/amd64', {
    credentials,
    http: { ca: [tls.ca], backoffMs: 5 },
    ...options,
  })
const nobody: CredentialSource = () => Promise.resolve(undefined)
const somebody: CredentialSource = () => Promise.resolve(user)

test('basic authentication over TLS, by an authority that is named', async () => {
  const pinned = await resolve(byPassword.host, somebody)
  const store = await openStore(join(folder, 'store'))
  const image = await fetchImage(pinned, store, { credentials: somebody, http: { ca: [tls.ca] } })
  expect(image.repoTags).toEqual([`${byPassword.host}/team/app:v1`])
})

test('without credentials, or with wrong ones, the error says so', async () => {
  await expect(resolve(byPassword.host, nobody)).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_AUTH',
    message: expect.stringContaining('wants credentials'),
  })
  await expect(
    resolve(byPassword.host, () => Promise.resolve({ ...user, password: 'wrong' })),
  ).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_AUTH', message: expect.stringContaining('refuses') })
})

test('a certificate of an authority nobody named is refused, and plain http not tried instead', async () => {
  await expect(resolve(byPassword.host, somebody, { http: { retries: 0 } })).rejects.toMatchObject({
    code: 'ROS_HTTP_CONNECT',
    hint: expect.stringContaining('certificate'),
  })
})

test('bearer tokens: for an account, for anybody, and by refresh token', async () => {
  const missing = { code: 'ROS_IMAGES_TAR_NOT_FOUND' }
  await expect(resolve(byToken.host, somebody)).rejects.toMatchObject(missing)
  await expect(resolve(byToken.host, nobody)).rejects.toMatchObject(missing)
  await expect(
    resolve(byToken.host, () => Promise.resolve({ identityToken: 'refresh-token' })),
  ).rejects.toMatchObject(missing)
  expect(tokens.asked).toEqual([
    'GET builder repository:team/app:pull',
    'GET - repository:team/app:pull',
    'POST - repository:team/app:pull',
  ])
  await expect(
    resolve(byToken.host, () => Promise.resolve({ identityToken: 'stale' })),
  ).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_AUTH',
    message: expect.stringContaining('token server refuses'),
  })
})

test("credentials from docker's config.json: auths", async () => {
  const auth = Buffer.from(`${user.username}:${user.password}`).toString('base64')
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [byPassword.host]: { auth } } }))
  await resolve(byPassword.host, dockerCredentials(folder))
})

test('credentials from a helper', async () => {
  const helper = join(folder, 'docker-credential-test')
  const answer = JSON.stringify({ ServerURL: '', Username: user.username, Secret: user.password })
  await writeFile(
    helper,
    `#!/bin/sh\nread host\n[ "$1 $host" = "get ${byPassword.host}" ] || { echo "credentials not found in native keychain"; exit 1; }\necho '${answer}'\n`,
  )
  await chmod(helper, 0o755)
  await writeFile(join(folder, 'config.json'), JSON.stringify({ credHelpers: { [byPassword.host]: 'test' } }))
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}:${path}`
  try {
    await resolve(byPassword.host, dockerCredentials(folder))
    await writeFile(join(folder, 'config.json'), JSON.stringify({ credsStore: 'test' }))
    expect(await dockerCredentials(folder)('other.example')).toBeUndefined()
  } finally {
    process.env['PATH'] = path
  }
})

test('a mirror is asked first; one that lacks the image, or is down, is passed over', async () => {
  const elsewhere = (mirrors: readonly string[]) =>
    resolveImage('registry.invalid/team/app:v1', 'linux/amd64', {
      credentials: nobody,
      http: { backoffMs: 5, retries: 0 },
      mirrors: { 'registry.invalid': mirrors },
    })
  const pinned = await elsewhere([`http://${open.host}`])
  expect(pinned.reference).toBe('registry.invalid/team/app:v1')
  const dead = 'http://127.0.0.1:9'
  expect(await elsewhere([dead, `http://${open.host}/nowhere`, `http://${open.host}`])).toEqual(pinned)
  await expect(elsewhere([dead])).rejects.toMatchObject({ code: 'ROS_HTTP_CONNECT' })
  await expect(elsewhere(['http://mirror.invalid'])).rejects.toMatchObject({ code: 'ROS_HTTP_CONNECT' })
})

test('plain http is refused for what is not loopback, unless told', async () => {
  const ask = (options: object) =>
    resolveImage('registry.invalid/a:v1', 'linux/amd64', {
      credentials: nobody,
      http: { retries: 0 },
      mirrors: { 'registry.invalid': ['http://mirror.invalid:5000'] },
      ...options,
    })
  await expect(ask({ mirrors: {} })).rejects.toMatchObject({
    message: expect.stringContaining('https://registry.invalid'),
  })
  await expect(ask({ insecure: ['registry.invalid'] })).rejects.toMatchObject({ code: 'ROS_HTTP_CONNECT' })
})

test('through the proxy of the environment, which sees neither token nor content', async () => {
  const proxy = await startConnectProxy(byPassword.host)
  process.env['https_proxy'] = proxy.url
  try {
    const pinned = await resolve('registry.test', somebody)
    const store = await openStore(join(folder, 'proxied'))
    await fetchImage(pinned, store, { credentials: somebody, http: { ca: [tls.ca] } })
    expect(new Set(proxy.asked)).toEqual(
      new Set([`registry.test:443 Basic ${Buffer.from('me:secret').toString('base64')}`]),
    )
    process.env['no_proxy'] = 'registry.test'
    await expect(resolve('registry.test', somebody, { http: { retries: 0 } })).rejects.toMatchObject({
      code: 'ROS_HTTP_CONNECT',
    })
  } finally {
    delete process.env['https_proxy']
    delete process.env['no_proxy']
    await proxy.stop()
  }
})
