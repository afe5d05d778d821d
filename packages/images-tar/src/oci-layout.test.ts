import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ByteSource, collect, fromBytes, fromText } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { file, Tree } from '@ros/tree'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { skopeo } from '../test/registry-server.ts'
import { sampleTree } from '../test/sample.ts'
import { composeImage } from './compose-image.ts'
import { directoryLayoutFiles, writeLayoutDirectory } from './directory-layout.ts'
import { imageId } from './image-id.ts'
import type { Image } from './model.ts'
import { readDockerSave } from './read-docker-save.ts'
import { readOciLayout, tarLayoutFiles } from './read-oci-layout.ts'
import { treeLayer } from './tree-layer.ts'
import { writeDockerSave } from './write-docker-save.ts'
import { ociLayoutEntries, writeOciLayout } from './write-oci-layout.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ros-oci-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

const keep = async (chunks: AsyncIterable<Uint8Array>): Promise<ByteSource> =>
  fromBytes(await collect(chunks, 1e8))

/** Two images on one base. */
async function images(): Promise<Image[]> {
  const base = await treeLayer(sampleTree())
  const top = (text: string) => treeLayer(new Tree().add('motd', file(fromText(text))))
  const make = async (name: string) =>
    composeImage({ repoTags: [name], layers: [base, await top(name)], created: 0, config: { Cmd: [name] } })
  return [await make('team/one:v1'), await make('team/two:v1')]
}

test.each(['gzip', 'zstd', 'tar'] as const)(
  'as a tar with %s layers, and back: the same ids',
  async (compression) => {
    const made = await images()
    const bytes = await collect(writeOciLayout(made, { compression, keep }), 1e7)
    expect(await collect(writeOciLayout(made, { compression, keep }), 1e7)).toEqual(bytes)
    for (const options of [{}, { keep }]) {
      const read = await readOciLayout(await tarLayoutFiles(fromBytes(bytes)), options)
      expect(read.map(imageId)).toEqual(made.map(imageId))
      expect(read.map(({ repoTags }) => repoTags)).toEqual(made.map(({ repoTags }) => repoTags))
      // A layer that two images share is one.
      expect(read[0]?.layers[0]).toBe(read[1]?.layers[0])
      // And as docker-save it is what it would have been without the detour.
      expect(await collect(writeDockerSave(read), 1e7)).toEqual(await collect(writeDockerSave(made), 1e7))
      // What lies compressed is taken as it lies.
      const again = await collect(writeOciLayout(read, { compression }), 1e7)
      expect(again).toEqual(bytes)
    }
  },
)

test('skopeo reads our directory and our tar, by name', async () => {
  const made = await images()
  const directory = join(folder, 'layout')
  await writeLayoutDirectory(directory, await ociLayoutEntries(made, { compression: 'gzip', keep }))
  await replaceFile(join(folder, 'layout.tar'), writeOciLayout(made, { compression: 'gzip', keep }))
  for (const [number, from] of [`oci:${directory}`, `oci-archive:${join(folder, 'layout.tar')}`].entries()) {
    const to = join(folder, `${number}.tar`)
    await skopeo('copy', '-q', `${from}:team/two:v1`, `docker-archive:${to}:team/two:v1`)
    const [back] = await readDockerSave(fileSource(to))
    expect(back && imageId(back)).toBe(made[1] && imageId(made[1]))
  }
  await expect(writeLayoutDirectory(directory, [])).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
})

test.each([[[]], [['--dest-compress-format', 'zstd']]])('we read what skopeo writes %j', async (options) => {
  const made = await images()
  await replaceFile(join(folder, 'images.tar'), writeDockerSave(made))
  const directory = join(folder, 'layout')
  for (const { repoTags } of made) {
    const [name = ''] = repoTags
    const from = `docker-archive:${join(folder, 'images.tar')}:${name}`
    await skopeo('copy', '-q', ...options, from, `oci:${directory}:${name}`)
    await skopeo('copy', '-q', ...options, from, `oci-archive:${join(folder, 'layout.tar')}:${name}`)
  }
  const read = await readOciLayout(directoryLayoutFiles(directory))
  expect(read.map(({ repoTags }) => repoTags)).toEqual(made.map(({ repoTags }) => repoTags))
  for (const [i, image] of read.entries()) {
    expect(image.config.rootfs).toEqual(made[i]?.config.rootfs)
    for (const layer of image.layers) expect((await collect(layer.open(), 1e7)).length).toBe(layer.size)
  }
  const [one] = await readOciLayout(await tarLayoutFiles(fileSource(join(folder, 'layout.tar'))))
  expect(one?.config.config?.Cmd).toEqual(['team/two:v1'])
})

test('damage is found: blobs that are missing, cut, changed; manifests that are two things', async () => {
  const directory = join(folder, 'layout')
  const [image] = await images()
  const entries = await ociLayoutEntries(image ? [image] : [], { compression: 'gzip', keep })
  await writeLayoutDirectory(directory, entries)
  const files = directoryLayoutFiles(directory)
  const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as {
    manifests: { digest: string; size: number }[]
  }
  const path = `blobs/sha256/${index.manifests[0]?.digest.slice(7)}`
  const replaced = (content: ByteSource | undefined) => ({
    file: (name: string) => (name === path ? content : files.file(name)),
  })
  const whole = await readFile(join(directory, path))
  const changed = Uint8Array.from(whole)
  changed[20] = 0x20
  await expect(readOciLayout(replaced(undefined))).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
  await expect(readOciLayout(replaced(fromBytes(whole.subarray(1))))).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_ARCHIVE',
  })
  await expect(readOciLayout(replaced(fromBytes(changed)))).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_DIGEST',
  })
  await writeFile(join(directory, 'index.json'), JSON.stringify({ ...index, schemaVersion: 2, layers: [] }))
  await expect(readOciLayout(files)).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_MANIFEST',
    message: expect.stringContaining('both at once'),
  })
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"9.0.0"}')
  await expect(readOciLayout(files)).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
})
