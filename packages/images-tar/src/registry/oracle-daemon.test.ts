import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@ros/bytes'
import { openStore } from '@ros/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDockerd, type TestDaemon } from '../../test/dockerd.ts'
import { sampleTree } from '../../test/sample.ts'
import { composeImage } from '../compose-image.ts'
import { loadIntoDaemon } from '../daemon.ts'
import { imageId } from '../image-id.ts'
import type { Image } from '../model.ts'
import { treeLayer } from '../tree-layer.ts'
import { fetchDaemonImage, resolveDaemonImage } from './daemon-image.ts'

let daemon: TestDaemon
let folder = ''
let image: Image
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-daemon-image-'))
  daemon = await startDockerd()
  image = composeImage({ repoTags: ['team/app:v1'], layers: [await treeLayer(sampleTree())], created: 0 })
  await loadIntoDaemon(daemon.docker, [image])
})
afterAll(async () => {
  await daemon?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('an image of a daemon, pinned, fetched, and then taken from the store', async () => {
  const options = { daemon: `unix://${daemon.socket}` }
  const pinned = await resolveDaemonImage('team/app:v1', 'amd64', options)
  expect(pinned).toMatchObject({
    reference: 'team/app:v1',
    id: imageId(image),
    platform: 'linux/amd64',
    layers: image.config.rootfs.diff_ids,
  })
  const store = await openStore(join(folder, 'store'))
  await expect(fetchDaemonImage(pinned, store, { offline: true })).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_OFFLINE',
  })
  const fetched = await fetchDaemonImage(pinned, store, options)
  expect(imageId(fetched)).toBe(imageId(image))
  expect(fetched.repoTags).toEqual(['team/app:v1'])
  const again = await fetchDaemonImage(pinned, store, { offline: true })
  for (const layer of again.layers) expect((await collect(layer.open(), 1e7)).length).toBe(layer.size)
})

test('what is not there, or is for another machine, is named', async () => {
  const options = { daemon: daemon.socket }
  await expect(resolveDaemonImage('team/none:v1', 'amd64', options)).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_NOT_FOUND',
  })
  await expect(resolveDaemonImage('team/app:v1', 'arm64', options)).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_PLATFORM',
    got: 'linux/amd64',
  })
  await expect(
    resolveDaemonImage('team/app:v1', 'amd64', { daemon: `${folder}/none` }),
  ).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_DAEMON',
  })
  const digest = `sha256:${'1'.repeat(64)}` as const
  const store = await openStore(join(folder, 'other'))
  const other = { reference: 'team/app:v1', id: digest, platform: 'linux/amd64' }
  await expect(fetchDaemonImage(other, store, options)).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_DAEMON',
  })
})
