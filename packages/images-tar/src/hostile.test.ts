import { gzipSync } from 'node:zlib'
import { type ByteSource, collect, fromBytes, fromText, zeros } from '@ros/bytes'
import { sha256Text } from '@ros/bytes/node'
import { describe, expect, test } from 'vitest'
import { composeImage, imageId, readDockerSave, tarLayer, writeDockerSave } from './index.ts'
import type { TarEntry } from './tar-entry.ts'
import { indexTar } from './tar-index.ts'
import { writeTar } from './write-tar.ts'

const LIMIT = 20_000_000
const layerText = 'x'.repeat(3000)
const image = composeImage({ repoTags: ['a:1'], layers: [await tarLayer(fromText(layerText))], created: 0 })
const good = await collect(writeDockerSave([image]), LIMIT)
const hex = imageId(image).slice(7)
const config = new TextDecoder().decode(image.configBytes)

const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
const member = (path: string, content: ByteSource): TarEntry => ({
  ...common,
  path,
  type: 'file',
  size: content.size,
  content,
})
const link = (path: string, linkname: string, type: 'link' | 'symlink' = 'symlink'): TarEntry => ({
  ...common,
  path,
  type,
  linkname,
})
const archive = async (...entries: TarEntry[]) => fromBytes(await collect(writeTar(entries), LIMIT))
const manifest = (over: object = {}) =>
  member(
    'manifest.json',
    fromText(JSON.stringify([{ Config: `${hex}.json`, RepoTags: ['a:1'], Layers: ['l.tar'], ...over }])),
  )
const configMember = (text = config, name = `${hex}.json`) => member(name, fromText(text))
const layerMember = member('l.tar', fromText(layerText))

describe('readDockerSave refuses', () => {
  test('an archive that is cut, wherever', async () => {
    const contentEnd = good.length - 1024 - (512 - (layerText.length % 512))
    for (let length = 0; length < contentEnd; length += 129) {
      const reading = readDockerSave(fromBytes(good.subarray(0, length)))
      await expect(reading, `cut to ${length}`).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
    }
  })

  test('any changed byte of a header, configuration or layer, at the latest when the layer is read', async () => {
    const images = async (bytes: Uint8Array) => {
      const read = await readDockerSave(fromBytes(bytes))
      for (const one of read) for (const layer of one.layers) await collect(layer.open(), LIMIT)
      return read.map((one) => [imageId(one), one.repoTags])
    }
    const expected = await images(good)
    for (let at = 0; at < good.length; at += 61) {
      const bad = good.slice()
      bad[at] = (bad[at] ?? 0) ^ 0x5a
      // What is not an error must have changed nothing that counts: padding, legacy files, a name tag.
      const got = await images(bad).catch((error: { code: string }) => error.code)
      if (Array.isArray(got)) expect(got[0]?.[0]).toBe(expected[0]?.[0])
      else expect(got).toMatch(/^ROS_(IMAGES_TAR|BYTES)_/)
    }
  })

  test.each([
    ['no manifest', () => archive(layerMember), 'missing'],
    ['only repositories', () => archive(member('repositories', fromText('{}'))), 'missing'],
    ['a manifest that is not JSON', () => archive(member('manifest.json', fromText('{'))), 'not JSON'],
    ['a manifest that is no list', () => archive(member('manifest.json', fromText('{}'))), 'no list'],
    ['an entry that is null', () => archive(member('manifest.json', fromText('[null]'))), 'no object'],
    ['a huge manifest', () => archive(member('manifest.json', zeros(17_000_000))), 'too large'],
    ['a missing configuration', () => archive(manifest(), layerMember), 'missing'],
    ['a missing layer', () => archive(manifest(), configMember()), 'layer is missing'],
    [
      'too few layers',
      () => archive(manifest({ Layers: [] }), configMember(), layerMember),
      'differ in layers',
    ],
    ['layers that are numbers', () => archive(manifest({ Layers: [1] }), configMember()), 'list of texts'],
    [
      'a configuration with another digest',
      () => archive(manifest(), configMember(`${config} `), layerMember),
      'another digest',
    ],
    [
      'a layer outside the archive',
      () => archive(manifest({ Layers: ['../../etc/passwd'] }), configMember()),
      'out of the archive',
    ],
    [
      'an absolute layer',
      () => archive(manifest({ Layers: ['/etc/passwd'] }), configMember()),
      'out of the archive',
    ],
    [
      'a link out of the archive',
      () => archive(manifest(), configMember(), link('l.tar', '../../etc/passwd')),
      'out of the archive',
    ],
    [
      'an absolute link',
      () => archive(manifest(), configMember(), link('l.tar', '/etc/passwd')),
      'out of the archive',
    ],
    [
      'links in a circle',
      () => archive(manifest(), configMember(), link('l.tar', 'm'), link('m', 'l.tar')),
      'lead nowhere',
    ],
    [
      'a hard link out',
      () => archive(manifest(), configMember(), link('l.tar', '../x', 'link')),
      'out of the archive',
    ],
  ])('%s', async (_name, make, message) => {
    const source = await make().catch((error: unknown) => Promise.reject(error))
    await expect(readDockerSave(source)).rejects.toThrow(message)
  })

  test('configurations without their parts', async () => {
    const bad = [
      'null',
      '[]',
      '{}',
      '{"architecture":1,"os":"linux"}',
      '{"architecture":"a","os":"l","rootfs":{"type":"x"}}',
    ]
    const whole = JSON.parse(config) as Record<string, unknown>
    bad.push(JSON.stringify({ ...whole, rootfs: { type: 'layers', diff_ids: ['sha256:12'] } }))
    bad.push(JSON.stringify({ ...whole, config: { Env: 'A=1' } }), JSON.stringify({ ...whole, history: [3] }))
    for (const text of bad) {
      const source = await archive(manifest({ Config: 'c.json' }), configMember(text, 'c.json'), layerMember)
      await expect(readDockerSave(source), text).rejects.toMatchObject({
        code: expect.stringMatching(/^ROS_(IMAGES_TAR_CONFIG|BYTES_DIGEST)$/),
      })
    }
  })

  test('a layer whose content is not its digest, when it is read', async () => {
    const source = await archive(manifest(), configMember(), member('l.tar', fromText('y'.repeat(3000))))
    const [read] = await readDockerSave(source)
    await expect(collect(read?.layers[0]?.open() ?? [], LIMIT)).rejects.toMatchObject({
      code: 'ROS_BYTES_DIGEST',
    })
  })

  test('a compressed archive, and a compressed layer that is not its digest', async () => {
    await expect(readDockerSave(fromBytes(gzipSync(good)))).rejects.toThrow('compressed with gzip')
    const layer = member('l.tar', fromBytes(gzipSync('other')))
    await expect(readDockerSave(await archive(manifest(), configMember(), layer))).rejects.toMatchObject({
      code: 'ROS_IMAGES_TAR_DIGEST',
    })
  })
})

test('a compressed layer that is a bomb stops at the limit', async () => {
  const layer = member('l.tar', fromBytes(gzipSync(new Uint8Array(20_000_000))))
  const source = await archive(manifest(), configMember(), layer)
  await expect(readDockerSave(source, { maxLayerSize: 1_000_000 })).rejects.toMatchObject({
    code: 'ROS_IMAGES_TAR_LIMIT',
    limit: '1000000 bytes',
  })
})

test('reads a compressed layer, and links inside the archive', async () => {
  const blob = member('blobs/sha256/x', fromBytes(gzipSync(layerText)))
  const source = await archive(
    manifest({ Layers: ['d/l.tar'] }),
    configMember(),
    blob,
    link('d/l.tar', '../blobs/./sha256/x'),
  )
  const [read] = await readDockerSave(source)
  expect(read?.layers[0]).toMatchObject({ size: 3000, diffId: sha256Text(layerText) })
  expect(await collect(read?.layers[0]?.open() ?? [], LIMIT)).toEqual(new TextEncoder().encode(layerText))
})

describe('indexTar refuses', () => {
  const patched = async (offset: number, text: string) => {
    const bytes = await collect(writeTar([member('f', fromText('abc'))]), LIMIT)
    bytes.set(Buffer.from(text, 'latin1'), offset)
    bytes.set(Buffer.from(' '.repeat(8)), 148)
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    bytes.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
    return indexTar(fromBytes(bytes))
  }

  test.each([
    ['a size that is no number', 124, '9999'],
    ['a size beyond the archive', 124, '77777777777'],
    ['a size beyond safe integers', 124, '\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'],
    ['an absolute name', 0, '/etc/passwd'],
    ['a name that climbs', 0, '../x'],
  ])('%s', async (_name, offset, text) => {
    await expect(patched(offset, text)).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
  })

  test.each(['x', '5 a=', '99 path=f\n', '-5 path=f\n', '0 path=f\n', '12 size=1e9\n', 'abc path=f\n'])(
    'pax record %j',
    async (body) => {
      const bytes = await collect(writeTar([member('f', fromText(body))]), LIMIT)
      bytes[156] = 'x'.charCodeAt(0)
      bytes.set(Buffer.from(' '.repeat(8)), 148)
      const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
      bytes.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
      await expect(indexTar(fromBytes(bytes))).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
    },
  )
})

test('writeDockerSave refuses no images, a name given twice, and layers that are not the configuration’s', async () => {
  const other = composeImage({ repoTags: ['a:1'], layers: image.layers, created: 1 })
  const fails = (...images: Parameters<typeof writeDockerSave>[0]) => collect(writeDockerSave(images), LIMIT)
  await expect(async () => fails()).rejects.toThrow('no images')
  await expect(async () => fails(image, other)).rejects.toThrow('two images have this name')
  await expect(async () => fails({ ...image, layers: [] })).rejects.toThrow(
    'not those that the configuration names',
  )
})
