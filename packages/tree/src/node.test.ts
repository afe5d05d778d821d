import { fromText } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { checkNode, device, directory, file, symlink, type TreeNode } from './index.ts'

describe('nodes', () => {
  test('defaults take nothing from the running system', () => {
    const root = { uid: 0, gid: 0, mtime: 0 }
    const content = fromText('x')
    expect(file(content)).toEqual({ type: 'file', content, mode: 0o644, ...root })
    expect(directory()).toEqual({ type: 'directory', mode: 0o755, ...root })
    expect(symlink('a')).toEqual({ type: 'symlink', target: 'a', mode: 0o777, ...root })
    expect(device('block', 8, 1)).toEqual({ type: 'block', major: 8, minor: 1, mode: 0o600, ...root })
  })

  test('what is given stands in the node', () => {
    const given = { mode: 0o4711, uid: 1, gid: 2, mtime: -3, xattrs: new Map([['user.x', Uint8Array.of(1)]]) }
    for (const node of [
      file(fromText(''), given),
      directory(given),
      symlink('t', given),
      device('character', 1, 3, given),
    ]) {
      expect(node).toMatchObject(given)
    }
    expect('xattrs' in file(fromText(''))).toBe(false)
  })
})

describe('checkNode', () => {
  const base = file(fromText(''))
  const REFUSED = expect.objectContaining({ name: 'TreeError', code: 'ROS_TREE_FIELD', subject: 'bin/sh' })

  test.each<TreeNode>([
    { ...base, mode: 0 },
    { ...base, mode: 0o7777 },
    { ...base, uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 },
    { ...base, mtime: -1 },
    { ...base, mtime: 2 ** 32 },
    device('block', 2 ** 32 - 1, 2 ** 32 - 1),
    symlink('../a b/\udcff'),
    { type: 'fifo', mode: 0, uid: 0, gid: 0, mtime: 0 },
    { type: 'socket', mode: 0, uid: 0, gid: 0, mtime: 0 },
  ])('%j is a node', (node) => {
    expect(() => checkNode('bin/sh', node)).not.toThrow()
  })

  test.each<[string, TreeNode]>([
    ['mode with a type', { ...base, mode: 0o100644 }],
    ['mode 0o10000', { ...base, mode: 0o10000 }],
    ['negative mode', { ...base, mode: -1 }],
    ['uid -1', { ...base, uid: -1 }],
    ['uid of 33 bits', { ...base, uid: 2 ** 32 }],
    ['gid of 33 bits', { ...base, gid: 2 ** 32 }],
    ['gid that is no number', { ...base, gid: Number.NaN }],
    ['half a second', { ...base, mtime: 0.5 }],
    ['time that is no safe integer', { ...base, mtime: 2 ** 53 }],
    ['endless time', { ...base, mtime: Number.POSITIVE_INFINITY }],
    ['major -1', device('block', -1, 0)],
    ['minor of 33 bits', device('character', 0, 2 ** 32)],
    ['empty target', symlink('')],
    ['target with a NUL', symlink('a\0b')],
    ['target that stands for no bytes', symlink('\ud800')],
  ])('%s is refused', (_, node) => {
    expect(() => checkNode('bin/sh', node)).toThrow(REFUSED)
  })
})
