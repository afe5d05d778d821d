import { execFileSync } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { openStore } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCertificate, type TestCertificate } from '../../test/certificate.ts'
import { startDockerd, type TestDaemon } from '../../test/dockerd.ts'
import { freePort } from '../../test/registry-server.ts'
import { sampleTree } from '../../test/sample.ts'
import { composeImage } from '../compose-image.ts'
import { loadIntoDaemon } from '../daemon.ts'
import { imageId } from '../image-id.ts'
import type { Image } from '../model.ts'
import { squashImage } from '../squash-image.ts'
import { treeLayer } from '../tree-layer.ts'
import { fetchDaemonImage, resolveDaemonImage } from './daemon-image.ts'

let daemon: TestDaemon
let tls: TestCertificate
let tcp = ''
let folder = ''
let image: Image
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-daemon-image-'))
  tls = await makeCertificate()
  await writeFile(join(folder, 'ca.pem'), tls.ca)
  await copyFile(tls.certificate, join(folder, 'cert.pem'))
  await copyFile(tls.key, join(folder, 'key.pem'))
  tcp = `127.0.0.1:${await freePort()}`
  const files = ['ca', 'cert', 'key'].map(
    (name) => `--tls${name === 'ca' ? 'cacert' : name}=${folder}/${name}.pem`,
  )
  daemon = await startDockerd(undefined, ['-H', `tcp://${tcp}`, '--tlsverify', ...files])
  image = composeImage({ repoTags: ['team/app:v1'], layers: [await treeLayer(sampleTree())], created: 0 })
  await loadIntoDaemon(daemon.docker, [image])
})
afterAll(async () => {
  await daemon?.stop()
  await tls?.remove()
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

test('over TCP with TLS, as DOCKER_HOST and its companions say', async () => {
  const before = { ...process.env }
  const variables = { DOCKER_HOST: `tcp://${tcp}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
  try {
    Object.assign(process.env, variables)
    expect((await resolveDaemonImage('team/app:v1', 'amd64')).id).toBe(imageId(image))
    // An address that is given goes before the environment, for a socket too.
    const bySocket = await resolveDaemonImage('team/app:v1', 'amd64', { daemon: daemon.socket })
    expect(bySocket.id).toBe(imageId(image))
    delete process.env['DOCKER_TLS_VERIFY']
    await expect(resolveDaemonImage('team/app:v1', 'amd64')).rejects.toMatchObject({
      code: 'ROS_IMAGES_TAR_DAEMON',
    })
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
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

test('a squashed image is to docker what the image was: whiteouts, opaque directories, links, types', async () => {
  const text = (value: string) => file(fromText(value))
  const linked = text('linked')
  const trees = [
    sampleTree()
      .addDirectories('etc/old/deep')
      .add('etc/old/deep/file', text('hidden'))
      .add('etc/gone', text('gone'))
      .add('etc/kept', text('one'))
      .addDirectories('opt')
      .add('opt/below', text('below')),
    new Tree()
      .addDirectories('etc')
      .add('etc/.wh.gone', text(''))
      .add('etc/.wh.old', text(''))
      .add('etc/kept', text('two'))
      .add('etc/link-a', linked)
      .add('etc/link-b', linked)
      .addDirectories('opt')
      .add('opt/.wh..wh..opq', text(''))
      .add('opt/above', text('above')),
    // A file in place of what was a directory, a directory in place of a file.
    new Tree()
      .addDirectories('etc/kept')
      .add('etc/kept/inside', text('three'))
      .add('opt', text('no directory')),
  ]
  const layers = await Promise.all(trees.map(treeLayer))
  const three = composeImage({ repoTags: ['team/three:v1'], layers, created: 0, config: { Cmd: ['/x'] } })
  const one = { ...(await squashImage(three, trees)), repoTags: ['team/one:v1'] }
  expect(one.layers).toHaveLength(1)
  expect(one.config.config).toEqual(three.config.config)
  await loadIntoDaemon(daemon.docker, [three, one])
  const [before, after] = [await exported('team/three:v1'), await exported('team/one:v1')]
  expect(after).toEqual(before)
  expect(before.join('\n')).toMatch(/etc\/kept\/inside/)
  expect(before.join('\n')).not.toMatch(/gone|hidden|below|etc\/old/)
})

/** What a container of an image has in its file system, a line each, as bsdtar tells of docker's export. */
async function exported(name: string): Promise<string[]> {
  const container = await daemon.docker.createContainer({ Image: name, Cmd: ['/x'] })
  const path = join(folder, `${name.replaceAll(/[/:]/g, '-')}.tar`)
  try {
    await replaceFile(path, (await container.export()) as AsyncIterable<Uint8Array>)
  } finally {
    await container.remove()
  }
  const listed = execFileSync('bsdtar', [
    '-cf',
    '-',
    '--format=mtree',
    '--options=!time,type,mode,uid,gid,sha256,link,device',
    `@${path}`,
  ])
  return listed
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}
