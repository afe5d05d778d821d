import { gzipSync, zstdCompressSync } from 'node:zlib'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { describe, expect, test } from 'vitest'
import { sampleTree } from '../test/sample.ts'
import { composeImage, imageId, readDockerSave, treeLayer, writeDockerSave } from './index.ts'
import type { TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

const LIMIT = 10_000_000
const layer = await treeLayer(sampleTree())
const plain = await collect(layer.open(), LIMIT)
const image = composeImage({ repoTags: ['sample:v1'], layers: [layer], created: 0 })

const member = (path: string, bytes: Uint8Array): TarEntry => {
  const common = { mode: 0o444, uid: 0, gid: 0, mtime: 0 }
  return { ...common, type: 'file', path, size: bytes.length, content: fromBytes(bytes) }
}
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** The form of docker 25 and later: an OCI layout with a manifest.json beside it, layers as the image store has them. */
async function layoutArchive(stored: Uint8Array): Promise<Uint8Array> {
  const blob = `blobs/sha256/${(await sha256(fromBytes(stored))).slice(7)}`
  const config = `blobs/sha256/${imageId(image).slice(7)}`
  const manifest = [{ Config: config, RepoTags: ['sample:v1'], Layers: [blob], LayerSources: {} }]
  const entries = [
    member(blob, stored),
    member(config, image.configBytes),
    member('index.json', json({ schemaVersion: 2, manifests: [] })),
    member('manifest.json', json(manifest)),
    member('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
  ]
  return await collect(writeTar(entries), LIMIT)
}

describe('archives of docker 25 and later', () => {
  test.each([
    ['plain', plain],
    ['gzip', gzipSync(plain)],
    ['zstd', zstdCompressSync(plain)],
  ])('with layers stored %s', async (_name, stored) => {
    const [read] = await readDockerSave(fromBytes(await layoutArchive(stored)))
    expect(read).toMatchObject({ repoTags: ['sample:v1'], config: image.config })
    expect(read && imageId(read)).toBe(imageId(image))
    expect(read?.layers[0]).toMatchObject({ diffId: layer.diffId, size: plain.length })
    expect(Buffer.from(plain).equals(await collect(read?.layers[0]?.open() ?? [], LIMIT))).toBe(true)
  })
})

test('sources without a fast path are read as well', async () => {
  const bytes = await collect(writeDockerSave([image]), LIMIT)
  const whole = fromBytes(bytes)
  const [read] = await readDockerSave({ size: whole.size, open: (...range) => whole.open(...range) })
  expect(read?.layers[0]?.diffId).toBe(layer.diffId)
})

test('an image without names has none', async () => {
  const nameless = { ...image, repoTags: [] }
  const [read] = await readDockerSave(fromBytes(await collect(writeDockerSave([nameless]), LIMIT)))
  expect(read?.repoTags).toEqual([])
})

test('a configuration that docker wrote keeps its bytes, and with them its id', async () => {
  const configBytes = new TextEncoder().encode(
    `  ${JSON.stringify({ ...image.config, Unknown: [1] }, null, 2)}\n`,
  )
  const docker = { ...image, configBytes }
  const [read] = await readDockerSave(fromBytes(await collect(writeDockerSave([docker]), LIMIT)))
  expect(read?.configBytes).toEqual(configBytes)
  expect(read && imageId(read)).toBe(imageId(docker))
})

test('an archive in an archive is not mistaken for one', async () => {
  const inner = await collect(writeDockerSave([image]), LIMIT)
  const outer = await collect(
    writeTar([member('inner.tar', inner), member('x', await collect(fromText('x').open(), 9))]),
    LIMIT,
  )
  await expect(readDockerSave(fromBytes(outer))).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
})
