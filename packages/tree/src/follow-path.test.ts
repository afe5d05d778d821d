import { fromText } from '@ros/bytes'
import { expect, test } from 'vitest'
import { file, followPath, symlink, Tree } from './index.ts'

const tree = new Tree()
  .addDirectories('usr/bin')
  .add('usr/bin/ros', file(fromText('ros')))
  .add('init', symlink('usr/bin/ros'))
  .add('sbin', symlink('/usr/sbin'))
  .add('usr/sbin', symlink('bin'))
  .add('up', symlink('../../../init'))
  .add('loop', symlink('loop'))

test.each([
  ['/init', 'usr/bin/ros'],
  ['sbin/ros', 'usr/bin/ros'],
  ['up', 'usr/bin/ros'],
  ['usr/../usr//bin/./ros', 'usr/bin/ros'],
  ['/', ''],
  ['../../usr', 'usr'],
])('%s leads to %j', (given, path) => {
  expect(followPath(tree, given)?.path).toBe(path)
})

test('what is not there, and links without an end', () => {
  expect(followPath(tree, 'init/below')).toBeUndefined()
  expect(followPath(tree, 'usr/lib')).toBeUndefined()
  expect(() => followPath(tree, 'loop')).toThrow(expect.objectContaining({ code: 'ROS_TREE_PATH' }) as Error)
})
