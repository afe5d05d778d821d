import { collect, fromBytes } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { describe, expect, test } from 'vitest'
import { LIMIT, sampleTree } from '../test/trees.ts'
import { writeInitrd } from './index.ts'

describe('the bytes do not change', () => {
  test.each([
    [{}, 'sha256:3914f1cfff0b57a5e1b1e5be33f7206ce1fd09e5a85101b88855f013c6eef05a'],
    [{ mtime: 1_700_000_000 }, 'sha256:0263a6e1b4434ba5778870bbc49292ba76d5ffe320a0d1b428b1a2bcdc051b7f'],
  ])('sample tree with %j', async (options, digest) => {
    expect(await sha256(fromBytes(await collect(writeInitrd(sampleTree(), options), LIMIT)))).toBe(digest)
  })
})
