import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { openStore, type Store } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { skopeo, startRegistry, type TestRegistry } from '../../test/registry-server.ts'
import { composeImage } from '../compose-image.ts'
import { imageId } from '../image-id.ts'
import type { Image } from '../model.ts'
import { treeLayer } from '../tree-layer.ts'
import { writeDockerSave } from '../write-docker-save.ts'
import { fetchImage } from './fetch-image.ts'
import { resolveImage } from './resolve-image.ts'

let registry: TestRegistry
let folder = ''
let image: Image
let store: Store
let storeFolder = ''

const none = { credentials: () => Promise.resolve(undefined), http: { backoffMs: 5 } }

beforeAll(async () => {
  registry = await startRegistry()
  folder = await mkdtemp(join(tmpdir(), 'ros-pull-'))
  const layers = [
    await treeLayer(new Tree().addDirectories('etc').add('etc/motd', file(fromText('hello\n'.repeat(5000))))),
    await treeLayer(new Tree().addDirectories('etc').add('etc/issue', file(fromText('world\n')))),
  ]
  image = composeImage({
    repoTags: ['example/app:v1'],
    layers,
    created: 1_700_000_000,
    config: { Cmd: ['/bin/sh'] },
  })
  await replaceFile(join(folder, 'images.tar'), writeDockerSave([image]))
})
afterAll(async () => {
  await registry?.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  storeFolder = await mkdtemp(join(tmpdir(), 'ros-pull-store-'))
  store = await openStore(storeFolder)
})
afterEach(async () => rm(storeFolder, { recursive: true, force: true }))

async function push(to: string, ...options: string[]): Promise<string> {
  const name = `${registry.host}/${to}`
  await skopeo(
    'copy',
    '-q',
    '--dest-tls-verify=false',
    ...options,
    `docker-archive:${join(folder, 'images.tar')}`,
    `docker://${name}`,
  )
  return name
}

async function check(got: Image, name: string): Promise<void> {
  expect(got.layers.map(({ diffId }) => diffId)).toEqual(image.layers.map(({ diffId }) => diffId))
  expect(got.repoTags).toEqual([name])
  for (const layer of got.layers) {
    expect(layer.stored).toBeDefined()
    for await (const _ of layer.open());
  }
  expect(await readdir(join(storeFolder, 'temporary'))).toEqual([])
}

test.each([
  ['docker schema 2', 'v2s2', []],
  ['OCI', 'oci', []],
  ['OCI with zstd layers', 'oci', ['--dest-compress-format', 'zstd']],
])('%s', async (_, format, options) => {
  const name = await push(`example/${format}:v${options.length}`, '--format', format, ...options)
  const pinned = await resolveImage(name, 'linux/amd64', none)
  const inspected = JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${name}`)) as {
    Digest: string
  }
  expect(pinned).toMatchObject({ reference: name, digest: inspected.Digest, platform: 'linux/amd64' })
  const got = await fetchImage(pinned, store, none)
  await check(got, name)
  // skopeo writes the configuration anew for OCI.
  if (format === 'v2s2') expect(imageId(got)).toBe(imageId(image))
  // All that is needed is in the store now.
  await check(await fetchImage(pinned, store, { ...none, offline: true }), name)
})

test('docker schema 1, signed: the digest is that of what is signed, the configuration as skopeo converts it', async () => {
  const name = await push('example/old:v1', '--format', 'v2s1')
  const pinned = await resolveImage(name, 'linux/amd64', none)
  const inspected = JSON.parse(await skopeo('inspect', '--tls-verify=false', `docker://${name}`)) as {
    Digest: string
  }
  expect(pinned.digest).toBe(inspected.Digest)
  const got = await fetchImage(pinned, store, none)
  await check(got, name)
  const converted = JSON.parse(
    await skopeo('inspect', '--tls-verify=false', '--config', `docker://${name}`),
  ) as Record<string, unknown>
  expect(got.config.config?.Cmd).toEqual(['/bin/sh'])
  expect(got.config.created).toBe(converted['created'])
  await check(await fetchImage(pinned, store, { ...none, offline: true }), name)
})
