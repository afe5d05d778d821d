import { fromText } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { composeImage, type Image, imageId, type Layer, tarLayer } from './index.ts'

const layer = (text: string): Promise<Layer> => tarLayer(fromText(text))
const bottom = await layer('a')
const upper = await layer('b')
const base = composeImage({
  repoTags: ['base:1'],
  layers: [bottom],
  created: '2026-01-02T03:04:05Z',
  comment: 'base',
  config: {
    Env: ['PATH=/bin', 'A=1'],
    Cmd: ['/bin/sh'],
    Labels: { x: '1', y: '2' },
    Volumes: { '/v': {} },
    WorkingDir: '/w',
  },
})

describe('composeImage', () => {
  test('puts layers and configuration over the base', () => {
    const image = composeImage({
      repoTags: ['docker.io/library/top:1'],
      layers: [upper],
      base,
      created: 0,
      comment: 'top',
      config: { Env: ['A=2=3', 'B='], Labels: { y: '3' }, ExposedPorts: { '22/tcp': {} }, User: 'rancher' },
    })
    expect(image.repoTags).toEqual(['top:1'])
    expect(image.layers).toEqual([bottom, upper])
    expect(image.config).toEqual({
      architecture: 'amd64',
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: {
        Env: ['PATH=/bin', 'A=2=3', 'B='],
        Cmd: ['/bin/sh'],
        Labels: { x: '1', y: '3' },
        Volumes: { '/v': {} },
        ExposedPorts: { '22/tcp': {} },
        User: 'rancher',
        WorkingDir: '/w',
      },
      rootfs: { type: 'layers', diff_ids: [bottom.diffId, upper.diffId] },
      history: [
        { created: '2026-01-02T03:04:05Z', created_by: 'rancheros-kit', comment: 'base' },
        { created: '1970-01-01T00:00:00Z', created_by: 'rancheros-kit', comment: 'top' },
      ],
    })
    expect(JSON.parse(new TextDecoder().decode(image.configBytes))).toEqual(image.config)
  })

  test('an image of configuration only has an empty step and a new id', () => {
    const image = composeImage({ repoTags: [], layers: [], base, created: 0, config: { Entrypoint: ['/e'] } })
    expect(image.config.history?.at(-1)).toMatchObject({ empty_layer: true })
    expect(image.config.config?.Cmd).toBeUndefined()
    expect(imageId(image)).not.toBe(imageId(base))
    expect(image.config.rootfs).toEqual(base.config.rootfs)
  })

  test('a base without a fitting history gets one', () => {
    const { history: _none, ...config } = base.config
    const image = composeImage({ repoTags: [], layers: [upper], base: { ...base, config }, created: 0 })
    expect(image.config.history).toHaveLength(2)
  })

  test('does not change what it is given', () => {
    const before = structuredClone(base.config)
    composeImage({ repoTags: [], layers: [upper], base, created: 0, config: { Labels: { z: '1' } } })
    expect(base.config).toEqual(before)
  })

  const compose = (more: Partial<Parameters<typeof composeImage>[0]>): Image =>
    composeImage({ repoTags: [], layers: [bottom], created: 0, ...more })

  test.each([0, 125])('layers: %i besides the first', (count) => {
    const layers = Array.from({ length: count }, () => upper)
    if (count === 0) expect(() => compose({ layers })).toThrow('1 … 125')
    else expect(compose({ layers }).layers).toHaveLength(count)
    expect(() => compose({ layers: Array.from({ length: 126 }, () => upper) })).toThrow('got 126')
  })

  test.each([-1, 1.5, Number.NaN, 253_402_300_800, 'yesterday', '2026-13-01T00:00:00Z'])(
    'refuses time %s',
    (created) => {
      expect(() => compose({ created })).toThrow(expect.objectContaining({ code: 'ROS_IMAGES_TAR_CONFIG' }))
    },
  )

  test('refuses a variable without a name, another architecture, a name without a tag', () => {
    expect(() => compose({ config: { Env: ['=x'] } })).toThrow('NAME=value')
    expect(() => compose({ base, architecture: 'arm64' })).toThrow('another architecture')
    expect(() => compose({ repoTags: ['x'] })).toThrow('repository and tag')
  })
})
