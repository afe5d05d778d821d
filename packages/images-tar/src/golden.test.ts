import { collect, fromBytes } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { expect, test } from 'vitest'
import { sampleTree } from '../test/sample.ts'
import { composeImage, imageId, treeLayer, writeDockerSave } from './index.ts'

test('a layer, an image and an archive of fixed input', async () => {
  const layer = await treeLayer(sampleTree())
  const created = 1_700_000_000
  const base = composeImage({
    repoTags: ['os-base:v1'],
    layers: [layer],
    created,
    config: { Env: ['PATH=/bin'] },
  })
  const hello = composeImage({
    repoTags: ['os-hello:v1'],
    layers: [],
    base,
    created,
    config: { Cmd: ['/bin/hello'] },
  })
  const archive = await collect(writeDockerSave([base, hello]), 1_000_000)
  expect({
    layer: layer.diffId,
    base: imageId(base),
    hello: imageId(hello),
    archive: await sha256(fromBytes(archive)),
  }).toMatchInlineSnapshot(`
    {
      "archive": "sha256:532ebb0972f5883061408c6bfce848d6ef706b6d39f79b455cac658aa250dac0",
      "base": "sha256:72ab8b9cb089f580969cfacdd1e9583383bd94c7146443d786694bef40d134a8",
      "hello": "sha256:8a6023f51faa9e3d13b498c27cdff897b416adf2e6d8610fc919eaf52945908c",
      "layer": "sha256:f973e8fab9c277ef65c39c6938c27a1df2582d98831a55c311aa0a94220d1ea9",
    }
  `)
})
