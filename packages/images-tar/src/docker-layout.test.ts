import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { type ByteSource, collect, concat, fromBytes, fromText } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import { directory, file, symlink, Tree } from '@ros/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleTree } from '../test/sample.ts'
import { composeImage, dockerLayout, type Layer, tarLayer, treeLayer, writeTreeTar } from './index.ts'
import { layerMembers } from './layer-members.ts'
import { layerSize, layerTree } from './layer-tree.ts'
import type { TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

const LIMIT = 10_000_000
const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
const entry = (path: string, over: Partial<TarEntry> = {}): TarEntry => ({
  ...common,
  type: 'file',
  path,
  size: 0,
  ...over,
})

async function tarOf(...entries: TarEntry[]): Promise<ByteSource> {
  return fromBytes(await collect(writeTar(entries), LIMIT))
}

async function stored(tree: Tree): Promise<Layer> {
  return await tarLayer(fromBytes(await collect(writeTreeTar(tree), LIMIT)))
}

async function unpacked(tar: ByteSource): Promise<Tree> {
  const members = []
  for await (const member of layerMembers(tar)) members.push(member)
  return layerTree(tar, members)
}

async function content(tree: Tree, path: string): Promise<string> {
  const node = tree.get(path)
  if (node?.type !== 'file') throw new Error(`no file ${path}`)
  const bytes = await collect(node.content.open(), LIMIT)
  return new TextDecoder().decode(path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
}

interface SplitEntry {
  type: number
  name?: string
  name_raw?: string
  payload: string | null
}

/** What docker does for `docker save`: the kept segments, and the files' contents between them. */
async function assembled(store: Tree, chain: string): Promise<string> {
  const hash = createHash('sha256')
  const split = await content(store, `image/overlay2/layerdb/sha256/${chain}/tar-split.json.gz`)
  for (const line of split.trimEnd().split('\n')) {
    const { type, name, payload } = JSON.parse(line) as SplitEntry
    if (type === 2) hash.update(Buffer.from(payload ?? '', 'base64'))
    else if (payload !== null) {
      const node = store.get(`overlay2/${chain}/diff/${name}`)
      if (node?.type !== 'file') throw new Error(`no file ${name}`)
      hash.update(await collect(node.content.open(), LIMIT))
    }
  }
  return `sha256:${hash.digest('hex')}`
}

describe('dockerLayout', () => {
  test('puts shared layers in once, and the tar together again from what it keeps', async () => {
    const base = composeImage({ repoTags: ['b:1'], layers: [await stored(sampleTree())], created: 0 })
    const top = await stored(new Tree().add('top', file(fromText('top'))))
    const one = composeImage({ repoTags: ['a:1', 'x/a:2'], base, layers: [top], created: 0 })
    const two = composeImage({ repoTags: ['c:1'], base, layers: [top], created: 1 })
    const store = await dockerLayout([one, base, two], { mtime: 7 })
    const chains = store.children('image/overlay2/layerdb/sha256')
    expect(chains.length).toBe(2)
    expect(store.children('overlay2')).toEqual([...chains, 'l'].sort())
    const [lower, upper] = base.layers[0]?.diffId.endsWith(chains[0] ?? '') ? chains : [...chains].reverse()
    expect(await assembled(store, lower ?? '')).toBe(base.layers[0]?.diffId)
    expect(await assembled(store, upper ?? '')).toBe(top.diffId)
    const link = await content(store, `overlay2/${lower}/link`)
    expect(link).toMatch(/^[A-Z2-7]{26}$/)
    expect(store.get(`overlay2/l/${link}`)).toMatchObject({ target: `../${lower}/diff`, mtime: 7 })
    expect(await content(store, `overlay2/${upper}/lower`)).toBe(`l/${link}`)
    const names = JSON.parse(await content(store, 'image/overlay2/repositories.json')) as {
      Repositories: object
    }
    expect(Object.keys(names.Repositories)).toEqual(['a', 'b', 'c', 'x/a'])
    const again = await dockerLayout([one, base, two], { mtime: 7 })
    expect(await collect(writeTreeTar(again), LIMIT)).toEqual(await collect(writeTreeTar(store), LIMIT))
  })

  test('a layer that does not lie in a tar, lies, or two images of one name are refused', async () => {
    const tree = new Tree().add('a', file(fromText('a')))
    const image = (layer: Layer, created = 0) => composeImage({ repoTags: ['a:1'], layers: [layer], created })
    const fails = (...images: ReturnType<typeof image>[]) =>
      expect(dockerLayout(images, { mtime: 0 })).rejects
    await fails(image(await treeLayer(tree))).toMatchObject({ code: 'ROS_IMAGES_TAR_ENTRY' })
    const good = await stored(tree)
    const lie: Digest = `sha256:${'0'.repeat(64)}`
    await fails(image({ ...good, diffId: lie })).toMatchObject({ code: 'ROS_IMAGES_TAR_DIGEST' })
    await fails(image(good), image(good, 1)).toMatchObject({ code: 'ROS_IMAGES_TAR_CONFIG' })
  })

  test('any tree comes back from its layer, and its tar from the split', async () => {
    const name = fc.stringMatching(/^[a-zA-Zé<&]{1,40}$/)
    const files = fc.dictionary(name, fc.string({ maxLength: 1100 }), { maxKeys: 6, noNullPrototype: true })
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const tree = new Tree().addDirectories('d')
        for (const [path, words] of Object.entries(given))
          tree.add(`d/${path}`, file(fromText(words), { mtime: 5 }))
        const layer = await stored(tree)
        const store = await dockerLayout([composeImage({ repoTags: [], layers: [layer], created: 0 })], {
          mtime: 0,
        })
        const chain = layer.diffId.slice(7)
        expect(await assembled(store, chain)).toBe(layer.diffId)
        for (const [path, words] of Object.entries(given))
          expect(await content(store, `overlay2/${chain}/diff/d/${path}`)).toBe(words)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a layer unpacked', () => {
  test('whiteouts become devices and marks, wherever they stand', async () => {
    const tree = await unpacked(
      await tarOf(
        entry('.wh.gone', { uid: 5 }),
        entry('before/.wh..wh..opq'),
        entry('before', { type: 'directory', mode: 0o700 }),
        entry('after', { type: 'directory' }),
        entry('after/.wh..wh..opq'),
        entry('.wh..wh..opq'),
      ),
    )
    expect(tree.get('gone')).toMatchObject({ type: 'character', major: 0, minor: 0, mode: 0, uid: 5 })
    for (const node of [tree.get('before'), tree.get('after'), tree.root]) {
      expect(node?.xattrs?.get('trusted.overlay.opaque')).toEqual(Uint8Array.of(0x79))
    }
    expect(tree.get('before')?.mode).toBe(0o700)
    expect(tree.size).toBe(3)
  })

  test('its size counts hard links once, link targets by their bytes, devices not', async () => {
    const shared = file(fromText('12345'))
    const tree = new Tree().add('a', shared).add('b', shared).add('l', symlink('é')).add('d', directory())
    expect(layerSize(await unpacked(fromBytes(await collect(writeTreeTar(tree), LIMIT))))).toBe(7)
  })

  test.each([
    ['a name that comes twice', [entry('a'), entry('./a')]],
    ['a hard link to a file of another layer', [entry('a', { type: 'link', linkname: 'b' })]],
    ['a whiteout of nothing', [entry('.wh.')]],
    ['a root that is no directory', [entry('./', { type: 'symlink', linkname: 'x' })]],
  ])('%s is refused', async (_, entries) => {
    await expect(unpacked(await tarOf(...entries))).rejects.toMatchObject({ code: 'ROS_IMAGES_TAR_ARCHIVE' })
  })

  test.each([
    ['out of the layer', [entry('../a')], 'ROS_TREE_PATH'],
    ['through a link', [entry('l', { type: 'symlink', linkname: 'x' }), entry('l/a')], 'ROS_TREE_EXISTS'],
  ])('a name that leads %s is refused', async (_, entries, code) => {
    await expect(unpacked(await tarOf(...entries))).rejects.toMatchObject({ code })
  })

  test('a tar that is cut anywhere is refused or shorter, and never read past its end', async () => {
    const whole = await collect(writeTreeTar(sampleTree()), LIMIT)
    for (let length = 0; length < whole.length; length += 300) {
      const reading = unpacked(fromBytes(whole.subarray(0, length)))
      await reading.catch((error: { code: string }) => expect(error.code).toBe('ROS_IMAGES_TAR_ARCHIVE'))
    }
  })

  test('bytes after the end of the archive are kept in the split', async () => {
    const tar = concat([
      await tarOf(entry('a', { size: 1, content: fromText('x') })),
      fromText('y'.repeat(3000)),
    ])
    const layer = await tarLayer(tar)
    const store = await dockerLayout([composeImage({ repoTags: [], layers: [layer], created: 0 })], {
      mtime: 0,
    })
    expect(await assembled(store, layer.diffId.slice(7))).toBe(layer.diffId)
  })
})
