import { fromText } from '@ros/bytes'
import { device, directory, file, type Metadata, symlink, Tree, type TreeNode } from '@ros/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeDebs, usrMerge } from './index.ts'

const text = (content: string, given: Partial<Metadata> = {}) => file(fromText(content), given)
/** A tree of these nodes, with plain directories above them. */
function treeOf(nodes: Record<string, TreeNode>): Tree {
  const tree = new Tree()
  for (const [path, node] of Object.entries(nodes)) {
    tree.addDirectories(path.split('/').slice(0, -1).join('/'))
    tree.add(path, node)
  }
  return tree
}
const merge = (trees: Record<string, Tree>, winners?: Record<string, string>) =>
  mergeDebs(new Map(Object.entries(trees)), winners ? { winners: new Map(Object.entries(winners)) } : {})
const paths = (tree: Tree) => [...tree].map(({ path }) => path)
const links = (tree: Tree) =>
  Object.fromEntries(
    [...tree].flatMap(({ path, node }) => (node.type === 'symlink' ? [[path, node.target]] : [])),
  )

describe('mergeDebs', () => {
  test('shares directories and equal files', async () => {
    const a = treeOf({ 'etc/x': text('same', { mtime: 5 }), 'usr/a': text('a') })
    const b = treeOf({ 'etc/x': text('same', { mtime: 9 }), 'usr/b': text('b'), 'usr/l': symlink('b') })
    const c = treeOf({ 'usr/l': symlink('b'), null: device('character', 1, 3) })
    const d = treeOf({ null: device('character', 1, 3) })
    const merged = await merge({ a, b, c, d })
    expect(paths(merged)).toEqual(['etc', 'etc/x', 'null', 'usr', 'usr/a', 'usr/b', 'usr/l'])
    expect(merged.get('etc/x')).toBe(b.get('etc/x'))
    expect(merged.get('usr/a')).toBe(a.get('usr/a'))
    expect((await merge({})).size).toBe(0)
  })

  test('a directory with an unusual owner or mode wins over the usual one; the latest time counts', async () => {
    const plain = new Tree().add('tmp', directory({ mtime: 7 }))
    const special = new Tree().add('tmp', directory({ mode: 0o1777, mtime: 3 }))
    special.root = directory({ mtime: 2 })
    for (const trees of [
      { a: plain, b: special },
      { a: special, b: plain },
    ]) {
      const merged = await merge(trees)
      expect(merged.get('tmp')).toMatchObject({ mode: 0o1777, mtime: 7 })
      expect(merged.root.mtime).toBe(2)
    }
    const other = new Tree().add('tmp', directory({ mode: 0o700 }))
    await expect(merge({ special, other })).rejects.toMatchObject({
      code: 'ROS_DEBIAN_CLASH',
      subject: 'tmp',
    })
  })

  test.each<[string, TreeNode, TreeNode]>([
    ['content', text('x'), text('y')],
    ['size', text('x'), text('xx')],
    ['mode', text('x'), text('x', { mode: 0o755 })],
    ['owner', text('x'), text('x', { gid: 5 })],
    ['attributes', text('x'), text('x', { xattrs: new Map([['user.a', new Uint8Array(1)]]) })],
    ['type', text('x'), symlink('x')],
    ['directory and file', directory(), text('x')],
    ['target', symlink('x'), symlink('y')],
    ['device', device('block', 1, 2), device('block', 1, 3)],
    ['kind of device', device('block', 1, 2), device('character', 1, 2)],
  ])('different %s clashes, unless a winner is named', async (_, first, second) => {
    const a = treeOf({ f: first })
    const b = treeOf({ f: second })
    const clash = { code: 'ROS_DEBIAN_CLASH', subject: 'f', got: expect.stringMatching(/\(a\) and .*\(b\)$/) }
    await expect(merge({ a, b })).rejects.toMatchObject(clash)
    await expect(merge({ b, a })).rejects.toMatchObject(clash)
    expect((await merge({ a, b }, { f: 'b' })).get('f')).toBe(second)
    await expect(merge({ a, b }, { f: 'c' })).rejects.toMatchObject({ code: 'ROS_DEBIAN_CLASH', got: 'c' })
  })

  test('the order of packages does not matter', async () => {
    const node = fc.record({ mode: fc.constantFrom(0o755, 0o700), mtime: fc.nat(3), isLink: fc.boolean() })
    const tree = fc
      .dictionary(fc.constantFrom('a', 'b', 'c/d', 'c/e'), node, { maxKeys: 4 })
      .map((nodes) =>
        treeOf(
          Object.fromEntries(
            Object.entries(nodes).map(([path, { mode, mtime, isLink }]) => [
              path,
              isLink ? symlink('x', { mtime }) : directory({ mode, mtime }),
            ]),
          ),
        ),
      )
    await fc.assert(
      fc.asyncProperty(tree, tree, tree, async (x, y, z) => {
        const outcome = async (order: [string, Tree][]) => {
          try {
            return [...(await mergeDebs(new Map(order)))]
          } catch (error) {
            return (error as { code: string }).code
          }
        }
        const forward: [string, Tree][] = [
          ['x', x],
          ['y', y],
          ['z', z],
        ]
        expect(await outcome(forward.toReversed())).toEqual(await outcome(forward))
      }),
    )
  })
})

describe('usrMerge', () => {
  test('moves the old directories and leaves links', async () => {
    const libc = text('libc')
    const tree = treeOf({
      'bin/sh': symlink('dash'),
      'bin/dash': text('dash', { mode: 0o755 }),
      'sbin/ip': symlink('/bin/ip'),
      'lib/x86_64-linux-gnu/libc.so.6': libc,
      'lib64/ld.so': symlink('/lib/x86_64-linux-gnu/ld.so'),
      'etc/x': text('x'),
    })
    const merged = await usrMerge(tree, { sbin: 'keep' })
    expect(paths(merged)).toEqual([
      'bin',
      'etc',
      'etc/x',
      'lib',
      'lib64',
      'sbin',
      'usr',
      'usr/bin',
      'usr/bin/dash',
      'usr/bin/sh',
      'usr/lib',
      'usr/lib/x86_64-linux-gnu',
      'usr/lib/x86_64-linux-gnu/libc.so.6',
      'usr/lib64',
      'usr/lib64/ld.so',
      'usr/sbin',
      'usr/sbin/ip',
    ])
    expect(merged.get('usr/lib/x86_64-linux-gnu/libc.so.6')).toBe(libc)
    expect(links(merged)).toEqual({
      bin: 'usr/bin',
      lib: 'usr/lib',
      lib64: 'usr/lib64',
      sbin: 'usr/sbin',
      'usr/bin/sh': 'dash',
      'usr/lib64/ld.so': '/lib/x86_64-linux-gnu/ld.so',
      'usr/sbin/ip': '/bin/ip',
    })
    expect(paths(tree)).not.toContain('usr')
  })

  test('sbin becomes bin where that is wanted', async () => {
    const tree = treeOf({
      'sbin/init': text('init'),
      'usr/sbin/sshd': text('sshd'),
      'usr/bin/ssh': text('ssh'),
      'usr/sbin/l': symlink('../lib/x'),
    })
    const merged = await usrMerge(tree, { sbin: 'bin' })
    expect(paths(merged)).toEqual([
      'bin',
      'sbin',
      'usr',
      'usr/bin',
      'usr/bin/init',
      'usr/bin/l',
      'usr/bin/ssh',
      'usr/bin/sshd',
      'usr/sbin',
    ])
    expect(links(merged)).toEqual({
      bin: 'usr/bin',
      sbin: 'usr/bin',
      'usr/sbin': 'bin',
      'usr/bin/l': '../lib/x',
    })
  })

  test('is the same when done twice, and on a tree that is merged already', async () => {
    const tree = treeOf({ 'bin/a': text('a'), 'sbin/b': symlink('../bin/a'), 'usr/lib/c': text('c') })
    for (const sbin of ['keep', 'bin'] as const) {
      const once = await usrMerge(tree, { sbin })
      expect([...(await usrMerge(once, { sbin }))]).toEqual([...once])
    }
  })

  test('relative links still reach what they did', async () => {
    const tree = treeOf({
      'lib/a/up': symlink('../../usr/share/x'),
      'lib/a/side': symlink('../b/x'),
      'bin/over': symlink('../lib/b/x'),
      'bin/out': symlink('../etc/x'),
      'bin/root': symlink('..'),
    })
    expect(links(await usrMerge(tree, { sbin: 'keep' }))).toMatchObject({
      'usr/lib/a/up': '../../share/x',
      'usr/lib/a/side': '../b/x',
      'usr/bin/over': '../lib/b/x',
      'usr/bin/out': '../../etc/x',
      'usr/bin/root': '../..',
    })
  })

  test('what meets at one path: the same, a link to the other, or a clash', async () => {
    const same = await usrMerge(treeOf({ 'bin/x': text('x', { mtime: 2 }), 'usr/bin/x': text('x') }), {
      sbin: 'keep',
    })
    expect(same.get('usr/bin/x')).toMatchObject({ type: 'file', mtime: 2 })
    const real = text('x')
    for (const compat of [symlink('/bin/x'), symlink('../../bin/x'), symlink('x'), symlink('../bin/x')]) {
      const merged = await usrMerge(treeOf({ 'bin/x': real, 'usr/bin/x': compat }), { sbin: 'keep' })
      expect(merged.get('usr/bin/x')).toBe(real)
    }
    const kmod = await usrMerge(
      treeOf({ 'bin/lsmod': symlink('kmod'), 'sbin/lsmod': symlink('/bin/kmod') }),
      {
        sbin: 'bin',
      },
    )
    expect(links(kmod)['usr/bin/lsmod']).toBe('kmod')
    await expect(
      usrMerge(treeOf({ 'lib/x': text('x'), 'usr/lib/x': text('y') }), { sbin: 'keep' }),
    ).rejects.toMatchObject({ code: 'ROS_DEBIAN_CLASH', subject: 'usr/lib/x' })
    await expect(usrMerge(treeOf({ lib: symlink('opt/lib') }), { sbin: 'keep' })).resolves.toBeDefined()
    await expect(
      usrMerge(treeOf({ lib: symlink('opt/lib'), 'usr/lib/x': text('y') }), { sbin: 'keep' }),
    ).rejects.toMatchObject({ code: 'ROS_DEBIAN_CLASH', subject: 'usr/lib' })
  })
})
