import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, fromText, readAll } from '@ros/bytes'
import { openStore, type Store } from '@ros/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCertificate, type TestCertificate } from '../../test/certificate.ts'
import { skopeo, startRegistry, type TestRegistry } from '../../test/registry-server.ts'
import { sampleTree } from '../../test/sample.ts'
import { startTokenServer, type TokenServer } from '../../test/token-server.ts'
import { composeImage } from '../compose-image.ts'
import { imageId } from '../image-id.ts'
import type { Image } from '../model.ts'
import { treeLayer } from '../tree-layer.ts'
import { fetchArtifact, pushArtifact, resolveArtifact } from './artifact.ts'
import type { CredentialSource } from './credentials.ts'
import { fetchImage } from './fetch-image.ts'
import { pushImage } from './push.ts'
import { resolveImage } from './resolve-image.ts'

const user = { username: 'builder', password: 'secret' }
let folder = ''
let tls: TestCertificate
let tokens: TokenServer
let registry: TestRegistry
let plain: TestRegistry
let store: Store
let image: Image
const options = () => ({
  credentials: (() => Promise.resolve(user)) as CredentialSource,
  http: { ca: [tls.ca], backoffMs: 5 },
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-push-'))
  tls = await makeCertificate()
  tokens = await startTokenServer(tls, user.username, user.password)
  registry = await startRegistry({ tls, token: { ...tokens, certificate: join(tls.folder, 'ca.crt') } })
  plain = await startRegistry()
  store = await openStore(join(folder, 'store'))
  image = composeImage({ repoTags: ['team/app:v1'], layers: [await treeLayer(sampleTree())], created: 0 })
})
afterAll(async () => {
  for (const each of [registry, plain, tokens]) await each?.stop()
  await tls?.remove()
  await rm(folder, { recursive: true, force: true })
})

test.each([
  ['docker', 'gzip'],
  ['oci', 'gzip'],
  ['oci', 'zstd'],
  ['oci', 'tar'],
] as const)('an image as %s, %s, with a token; skopeo and we read it back', async (format, compression) => {
  const name = `${registry.host}/${format}/${compression}:v1`
  const pushed = await pushImage(image, name, store, { ...options(), format, compression })
  expect(pushed.blobs.map(({ outcome }) => outcome)).toEqual(['uploaded', 'uploaded'])
  const args = [`--cert-dir=${tls.folder}`, `--creds=${user.username}:${user.password}`]
  const seen = JSON.parse(await skopeo('inspect', ...args, `docker://${name}`)) as { Digest: string }
  expect(seen.Digest).toBe(pushed.digest)
  const pinned = await resolveImage(name, 'linux/amd64', options())
  expect(pinned).toEqual({
    reference: name,
    digest: pushed.digest,
    platform: 'linux/amd64',
    size: pushed.size,
  })
  const back = await fetchImage(pinned, await openStore(join(folder, `${format}-${compression}`)), options())
  expect(imageId(back)).toBe(imageId(image))

  // The same again sends nothing; elsewhere in the registry it is lent. What came compressed goes out as it came.
  const again = await pushImage(back, name, store, { ...options(), format, compression })
  expect(again.blobs.map(({ outcome }) => outcome)).toEqual(['exists', 'exists'])
  expect(again.digest).toBe(pushed.digest)
  const other = `${registry.host}/lent/${format}-${compression}:v1`
  const mountFrom = `${format}/${compression}`
  const lent = await pushImage(back, other, store, { ...options(), format, compression, mountFrom })
  expect(lent.blobs.map(({ outcome }) => outcome)).toEqual(['mounted', 'mounted'])
})

test('a blob in parts arrives whole', async () => {
  const bytes = new Uint8Array(1_000_000).map((_, i) => (i * 31) % 251)
  const files = [{ name: 'data.bin', mediaType: 'application/octet-stream', source: fromBytes(bytes) }]
  const name = `${plain.host}/parts:v1`
  const http = { http: { backoffMs: 5 }, credentials: () => Promise.resolve(undefined) }
  await pushArtifact(files, name, { ...http, artifactType: 'application/vnd.test', chunkSize: 300_000 })
  const found = await fetchArtifact(await resolveArtifact(name, http), store, http)
  expect(await readAll(found.get('data.bin') ?? expect.fail('missing'), 2e6)).toEqual(bytes)
})

test('an artifact: OCI 1.1, files by name and digest, the same bytes each time', async () => {
  const files = [
    { name: 'vmlinuz', mediaType: 'application/vnd.test.kernel', source: fromText('kernel') },
    { name: 'rancheros.iso', mediaType: 'application/x-iso9660-image', source: fromText('iso') },
  ]
  const name = `${registry.host}/team/os:v1`
  const more = { ...options(), artifactType: 'application/vnd.test.release', annotations: { a: 'b' } }
  const pushed = await pushArtifact(files, name, more)
  expect((await pushArtifact(files, name, more)).digest).toBe(pushed.digest)
  const hex = pushed.digest.slice(7)
  const raw = await readFile(
    join(registry.folder, `data/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`),
    'utf8',
  )
  const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
  expect(JSON.parse(raw)).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/vnd.test.release',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digest('{}'), size: 2 },
    layers: files.map(({ name: title, mediaType }, i) => ({
      mediaType,
      digest: digest(['kernel', 'iso'][i] ?? ''),
      size: ['kernel', 'iso'][i]?.length,
      annotations: { 'org.opencontainers.image.title': title },
    })),
    annotations: { a: 'b' },
  })
  const resolved = await resolveArtifact(name, options())
  expect(resolved).toMatchObject({ digest: pushed.digest, artifactType: 'application/vnd.test.release' })
  const found = await fetchArtifact(resolved, store, options())
  expect([...found.keys()]).toEqual(['vmlinuz', 'rancheros.iso'])
  // An artifact is no image, and an image no artifact.
  await expect(resolveImage(name, 'amd64', options())).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_MANIFEST',
  })
  const asImage = `${registry.host}/oci/gzip:v1`
  await expect(resolveArtifact(asImage, options())).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_MANIFEST' })
})

test('who may not push is told', async () => {
  const nobody = { ...options(), credentials: () => Promise.resolve(undefined) }
  await expect(
    pushImage(image, `${registry.host}/oci/gzip:v2`, store, { ...nobody, compression: 'gzip' }),
  ).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_AUTH' })
  const bad = [{ name: '../x', mediaType: 'text/plain', source: fromText('x') }]
  await expect(
    pushArtifact(bad, `${plain.host}/x:v1`, { ...nobody, artifactType: 'application/vnd.test' }),
  ).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_MANIFEST' })
})
