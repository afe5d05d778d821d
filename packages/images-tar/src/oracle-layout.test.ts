import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { directory, file, Tree } from '@ros/tree'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { busyboxTree } from '../test/busybox.ts'
import { startDockerd, type TestDaemon } from '../test/dockerd.ts'
import { sampleTree } from '../test/sample.ts'
import { storeLines, unpackTree } from '../test/store-files.ts'
import {
  composeImage,
  dockerLayout,
  type Image,
  imageId,
  loadIntoDaemon,
  overlayLayout,
  readDockerSave,
  saveFromDaemon,
  tarLayer,
  writeTreeTar,
} from './index.ts'

const LIMIT = 50_000_000
const created = 1_700_000_000

let folder = ''
let images: Image[] = []
let tags: string[] = []
let loaded: TestDaemon
let laid: TestDaemon

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-layout-'))
  images = await testImages()
  tags = images.flatMap(({ repoTags }) => repoTags)
  loaded = await startDockerd(join(folder, 'loaded'))
  await loadIntoDaemon(loaded.docker, images)
  await unpackTree(await dockerLayout(images, { mtime: created }), join(folder, 'laid'))
})

afterAll(async () => {
  await loaded?.stop()
  await laid?.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})

async function treeTar(tree: Tree) {
  return await tarLayer(fromBytes(await collect(writeTreeTar(tree), LIMIT)))
}

/** Three layers: files of every kind, then whiteouts and an opaque directory over them; one image stops below. */
async function testImages(): Promise<Image[]> {
  const below = busyboxTree().merge(sampleTree(), 'sample').addDirectories('opaque').addDirectories('open')
  for (const path of ['gone', 'opaque/old', 'open/old']) below.add(path, file(fromText(path)))
  const base = composeImage({ repoTags: ['rancher/os-base:v1'], layers: [await treeTar(below)], created })
  const above = new Tree().add('.wh.gone', file(fromText('')))
  above.add('opaque', directory({ mode: 0o750 })).add('opaque/.wh..wh..opq', file(fromText('')))
  above.add('opaque/<new> & old', file(fromText('new'), { mtime: 1_600_000_000 }))
  above.add('open', directory()).add('open/new', file(fromText('new')))
  const top = new Tree().add('top', file(fromText('t'.repeat(1000))))
  const config = {
    Cmd: [
      '/bin/busybox',
      'sh',
      '-c',
      'for f in gone opaque/* open/* top; do [ -e "$f" ] && echo "$f"; done; :',
    ],
  }
  const upper = composeImage({
    repoTags: ['rancher/os-upper:v1', 'upper:latest'],
    base,
    layers: [await treeTar(above), await treeTar(top)],
    created,
    config,
  })
  return [
    base,
    upper,
    composeImage({ repoTags: ['cat:v2'], base: upper, layers: [], created, config: { User: '1100' } }),
  ]
}

async function run(daemon: TestDaemon, image: string): Promise<string> {
  const stdout = new PassThrough()
  const printed = text(stdout)
  const [result, container] = (await daemon.docker.run(image, [], stdout, {
    HostConfig: { NetworkMode: 'none' },
  })) as [{ StatusCode: number }, { remove(): Promise<void> }]
  stdout.end()
  await container.remove()
  expect(result.StatusCode).toBe(0)
  return (await printed).replaceAll('\r\n', '\n')
}

async function inspected(daemon: TestDaemon, tag: string) {
  const answer: object = await daemon.docker.getImage(tag).inspect()
  // Where the layers lie and when the name was given differ from one daemon to the next.
  return Object.fromEntries(
    Object.entries(answer).filter(([key]) => key !== 'GraphDriver' && key !== 'Metadata'),
  )
}

async function saved(daemon: TestDaemon, name: string) {
  const path = join(folder, `${name}.tar`)
  await replaceFile(path, saveFromDaemon(daemon.docker, tags))
  const read = await readDockerSave(fileSource(path))
  for (const image of read) for (const layer of image.layers) await collect(layer.open(), LIMIT)
  const rows = read.map((image) => [
    imageId(image),
    image.repoTags.join(),
    image.layers.map(({ diffId }) => diffId).join(),
  ])
  return rows.map((row) => row.join(' ')).sort()
}

test('the store is, file by file, the one that docker load leaves', async () => {
  const lines = await storeLines(join(folder, 'laid'))
  expect(lines).toEqual(await storeLines(join(folder, 'loaded')))
  expect(lines.join('\n')).toContain('trusted.overlay.opaque=79')
})

test('dockerd takes it: inspect, run and save are as after docker load', async () => {
  laid = await startDockerd(join(folder, 'laid'))
  for (const tag of tags) expect(await inspected(laid, tag)).toEqual(await inspected(loaded, tag))
  const printed = await run(laid, 'upper:latest')
  expect(printed).toBe('opaque/<new> & old\nopen/new\nopen/old\ntop\n')
  expect(await run(loaded, 'upper:latest')).toBe(printed)
  expect(await saved(laid, 'of-laid')).toEqual(await saved(loaded, 'of-loaded'))
  expect(await storeLines(join(folder, 'laid'))).toEqual(await storeLines(join(folder, 'loaded')))
})

test('commit, restart of dockerd, loading the same again, and removal of everything', async () => {
  const container = await laid.docker.createContainer({
    Image: 'upper:latest',
    Cmd: ['/bin/sh', '-c', 'echo committed > /note'],
  })
  await container.start()
  await container.wait()
  await container.commit({ repo: 'noted', tag: 'v1', changes: 'CMD ["/bin/cat", "/note", "/top"]' })
  await container.remove()
  await laid.stop()
  laid = await startDockerd(join(folder, 'laid'))
  expect(await run(laid, 'noted:v1')).toBe(`committed\n${'t'.repeat(1000)}`)
  await loadIntoDaemon(laid.docker, images)
  expect((await laid.docker.listImages()).length).toBe(images.length + 1)
  for (const tag of ['noted:v1', ...tags]) await laid.docker.getImage(tag).remove()
  expect(await laid.docker.listImages({ all: true })).toEqual([])
  expect(readdirSync(join(folder, 'laid/overlay2'))).toEqual(['l'])
  expect(readdirSync(join(folder, 'laid/overlay2/l'))).toEqual([])
  expect(
    execFileSync('find', [join(folder, 'laid/image'), '-name', 'tar-split*'], { encoding: 'utf8' }),
  ).toBe('')
})

test('the driver `overlay`, of docker 1.10 and still in 20.10, takes its layout: inspect, run and save are the same', async () => {
  const place = join(folder, 'overlay')
  await unpackTree(await overlayLayout(images, { mtime: created }), place)
  const old = await startDockerd(place, ['--storage-driver', 'overlay'])
  try {
    expect(((await old.docker.info()) as { Driver: string }).Driver).toBe('overlay')
    for (const tag of tags) expect(await inspected(old, tag)).toEqual(await inspected(loaded, tag))
    expect(await run(old, 'upper:latest')).toBe('opaque/<new> & old\nopen/new\nopen/old\ntop\n')
    expect(await saved(old, 'of-overlay')).toEqual(await saved(loaded, 'of-loaded'))
  } finally {
    await old.stop()
  }
})
