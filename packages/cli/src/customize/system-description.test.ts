import { createHash } from 'node:crypto'
import { fromText, readAll } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { expect, test } from 'vitest'
import { describeSystem } from './system-description.ts'

const text = (content: string) => file(fromText(content), { mtime: 7 })

test('kernel and initrd are described as they are now, the rest stays', async () => {
  const old = {
    version: 'v1',
    arch: 'amd64',
    vmlinuz: { size: 1, sha256: '0' },
    initrd: { size: 2, sha256: '1' },
  }
  const tree = new Tree()
    .addDirectories('boot')
    .addDirectories('rancheros')
    .add('boot/vmlinuz', text('kernel'))
    .add('boot/initrd', text('initrd and more'))
    .add('rancheros/system.json', text(JSON.stringify(old)))
  await describeSystem(tree)
  const node = tree.get('rancheros/system.json')
  if (node?.type !== 'file') throw new Error('no file')
  const known = (content: string) => {
    return { size: content.length, sha256: createHash('sha256').update(content).digest('hex') }
  }
  expect(JSON.parse(new TextDecoder().decode(await readAll(node.content, 10_000)))).toEqual({
    version: 'v1',
    arch: 'amd64',
    vmlinuz: known('kernel'),
    initrd: known('initrd and more'),
  })
  expect(node.mtime).toBe(7)
})

test('an ISO without an installer stays as it is', async () => {
  const tree = new Tree().addDirectories('boot').add('boot/initrd', text('initrd'))
  await describeSystem(tree)
  expect([...tree].map(({ path }) => path)).toEqual(['boot', 'boot/initrd'])
})
