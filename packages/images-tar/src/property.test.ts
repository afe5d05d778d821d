import { collect, fromBytes } from '@ros/bytes'
import { directory, file, symlink, Tree } from '@ros/tree'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  composeImage,
  formatReference,
  imageId,
  parseReference,
  readDockerSave,
  tarLayer,
  treeLayer,
  writeDockerSave,
  writeTreeTar,
} from './index.ts'
import { paxBody } from './pax.ts'
import { indexTar } from './tar-index.ts'

const LIMIT = 50_000_000

const alphanumeric = fc.stringMatching(/^[a-z0-9]{1,8}$/)
const component = fc
  .tuple(
    alphanumeric,
    fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), alphanumeric), { maxLength: 3 }),
  )
  .map(([first, rest]) => first + rest.map((pair) => pair.join('')).join(''))
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
const hex64 = fc.stringMatching(/^[0-9a-f]{64}$/)
const domain = fc.constantFrom(
  'docker.io',
  'localhost',
  'localhost:5000',
  'registry.example',
  'Host',
  '10.0.0.1:80',
  '[::1]:5000',
)
const reference = fc.record(
  {
    domain,
    path: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    tag,
    digest: hex64.map((hex) => `sha256:${hex}`),
  },
  { requiredKeys: ['domain', 'path'] },
)

test('a formatted reference reads as itself', () => {
  fc.assert(
    fc.property(reference, (given) => {
      const path =
        given.domain === 'docker.io' && !given.path.includes('/') ? `library/${given.path}` : given.path
      expect(parseReference(formatReference({ ...given, path }))).toEqual({ ...given, path })
    }),
  )
})

test('any text is read or refused with our code, and what is read formats to what reads the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:/@_-]{0,20}$/)), (text) => {
      let parsed: ReturnType<typeof parseReference>
      try {
        parsed = parseReference(text)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ROS_IMAGES_TAR_REFERENCE' })
        return
      }
      expect(parseReference(formatReference(parsed))).toEqual(parsed)
    }),
    { numRuns: 1000 },
  )
})

test('pax bodies are whole blocks of records whose lengths chain', () => {
  const records = fc.dictionary(fc.stringMatching(/^[a-zA-Z.]{1,30}$/), fc.uint8Array({ maxLength: 1200 }), {
    maxKeys: 5,
  })
  fc.assert(
    fc.property(records, (given) => {
      const body = paxBody(new Map(Object.entries(given)))
      expect(body.length % 512).toBe(0)
      const seen = new Map<string, Uint8Array>()
      for (let offset = 0; offset < body.length; ) {
        const space = body.indexOf(0x20, offset)
        const length = Number(Buffer.from(body.subarray(offset, space)).toString())
        const equals = body.indexOf(0x3d, space)
        const key = Buffer.from(body.subarray(space + 1, equals)).toString()
        expect(body[offset + length - 1]).toBe(0x0a)
        if (key !== 'comment') seen.set(key, body.slice(equals + 1, offset + length - 1))
        offset += length
      }
      expect(Object.fromEntries(seen)).toEqual({ ...given })
    }),
  )
})

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 150 })
  .filter((text) => !/[/\0]|\p{Surrogate}/u.test(text) && text !== '.' && text !== '..')
const node = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => file(fromBytes(bytes))),
  fc
    .record({ mode: fc.integer({ min: 0, max: 0o7777 }), uid: fc.nat(), mtime: fc.maxSafeInteger() })
    .map((given) => directory(given)),
  name.map((target) => symlink(target)),
)
const tree = fc
  .uniqueArray(fc.tuple(name, node), { selector: ([key]) => key, maxLength: 12 })
  .map((entries) => {
    const made = new Tree()
    for (const [path, value] of entries) made.add(path, value)
    return made
  })

test('a layer has every file of its tree, its predicted size, and the same bytes every time', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (given) => {
      const bytes = await collect(writeTreeTar(given), LIMIT)
      const layer = await treeLayer(given)
      expect(layer.size).toBe(bytes.length)
      expect(await collect(layer.open(), LIMIT)).toEqual(bytes)
      const index = await indexTar(fromBytes(bytes))
      for (const { path, node: expected } of given) {
        if (expected.type !== 'file') continue
        const found = index.file(path)
        expect(await collect(found?.open() ?? [], LIMIT)).toEqual(
          await collect(expected.content.open(), LIMIT),
        )
      }
    }),
    { numRuns: 60 },
  )
})

test('read ∘ write is the identity on images, and archives of equal images are equal', async () => {
  const image = fc.record({ layers: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }), env: fc.nat(3) })
  await fc.assert(
    fc.asyncProperty(fc.array(image, { minLength: 1, maxLength: 4 }), async (given) => {
      const pool = await Promise.all(
        [0, 1, 2, 3, 4].map((i) => tarLayer(fromBytes(new Uint8Array(1024 + i * 512)))),
      )
      const images = given.map(({ layers, env }, i) =>
        composeImage({
          repoTags: [`image-${i}:v1`],
          layers: layers.map((at) => pool[at] ?? expect.fail()),
          created: 0,
          config: { Env: [`N=${env}`] },
        }),
      )
      const bytes = await collect(writeDockerSave(images), LIMIT)
      const read = await readDockerSave(fromBytes(bytes))
      expect(read.map(imageId)).toEqual(images.map(imageId))
      expect(read.map(({ repoTags }) => repoTags)).toEqual(images.map(({ repoTags }) => repoTags))
      for (const layer of read.flatMap(({ layers }) => layers)) await collect(layer.open(), LIMIT)
      expect(await collect(writeDockerSave(read), LIMIT)).toEqual(bytes)
      const distinct = new Set(images.flatMap(({ layers }) => layers.map(({ diffId }) => diffId)))
      const stored = (await indexTar(fromBytes(bytes))).paths.filter((path) => path.endsWith('layer.tar'))
      expect(stored.length).toBeGreaterThanOrEqual(distinct.size)
      expect(bytes.length).toBeLessThan(60_000 + distinct.size * 4096 + given.length * 30_000)
    }),
    { numRuns: 30 },
  )
})
