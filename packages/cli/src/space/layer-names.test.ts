import { fromText } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { expect, test } from 'vitest'
import { layerNames } from './layer-names.ts'

const archive = (manifest: unknown) =>
  new Tree().add('manifest.json', file(fromText(JSON.stringify(manifest))))

test('layers and configurations of a docker-save archive', async () => {
  const manifest = [
    { Config: 'c.json', RepoTags: ['a:1', 'a:2'], Layers: ['shared', 'own'] },
    { Config: 'd.json', RepoTags: null, Layers: ['shared'] },
  ]
  expect([...(await layerNames(archive(manifest)))]).toEqual([
    ['c.json', 'configuration of a:1, a:2'],
    ['shared', 'layer 1 of a:1, a:2, layer 1 of d.json'],
    ['own', 'layer 2 of a:1, a:2'],
    ['d.json', 'configuration of d.json'],
  ])
})

test.each([[{}], [7], [null], [[7, null, { Layers: 'x' }]]])('%j has no words', async (manifest) => {
  expect((await layerNames(archive(manifest))).size).toBe(0)
})

test('a layer that is named two hundred thousand times has words for few of them', async () => {
  const words = (await layerNames(archive([{ Layers: Array<string>(200_000).fill('x') }]))).get('x')
  expect(words).toMatch(/^layer 1 of an image, layer 2 of an image, /)
  expect(words?.length).toBeLessThanOrEqual(120)
})
