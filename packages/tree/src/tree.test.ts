import { fromText } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { device, directory, file, symlink, Tree } from './index.ts'

const text = (content = '') => file(fromText(content))
const paths = (tree: Tree) => [...tree].map(({ path }) => path)
const code = (name: string) => expect.objectContaining({ name: 'TreeError', code: name })

describe('add', () => {
  test('in any spelling; get and has know them all', () => {
    const node = text()
    const tree = new Tree().add('./a/', directory()).add('a//b', node)
    expect(paths(tree)).toEqual(['a', 'a/b'])
    expect([tree.get('a/b'), tree.get('./a/b'), tree.get('a'), tree.get('x')]).toEqual([
      node,
      node,
      directory(),
      undefined,
    ])
    expect([tree.has('a/./b'), tree.has('b'), tree.has('')]).toEqual([true, false, false])
    expect(tree.size).toBe(2)
  })

  test('names of any bytes', () => {
    const tree = new Tree().add('\udcff', text()).add('é', text()).add('\udc80', text())
    expect(paths(tree)).toEqual(['\udc80', 'é', '\udcff'])
    expect(() => tree.add('\udcc3\udca9', text())).toThrow(code('ROS_TREE_EXISTS'))
    expect(() => tree.add('\ud83d', text())).toThrow(code('ROS_TREE_PATH'))
  })

  test('the parent has to be a directory', () => {
    const tree = new Tree().add('f', text()).add('l', symlink('d')).add('d', directory())
    for (const path of ['x/y', 'f/y', 'l/y', 'd/e/f']) {
      expect(() => tree.add(path, text())).toThrow(code('ROS_TREE_PARENT'))
    }
    expect(() => tree.add('f/y', text())).toThrow('f/y: parent is not a directory, got file')
    expect(() => tree.add('x/y', text())).toThrow('got nothing')
    expect(paths(tree)).toEqual(['d', 'f', 'l'])
  })

  test('what is there stays, but a directory gets new metadata', () => {
    const tree = new Tree().add('d', directory()).add('d/x', text()).add('f', text())
    tree.add('d', directory({ mode: 0o700 }))
    expect(tree.get('d')?.mode).toBe(0o700)
    expect(tree.has('d/x')).toBe(true)
    expect(() => tree.add('f', text())).toThrow(code('ROS_TREE_EXISTS'))
    expect(() => tree.add('f', directory())).toThrow(code('ROS_TREE_EXISTS'))
    expect(() => tree.add('d', text())).toThrow(code('ROS_TREE_EXISTS'))
  })

  test('paths that lead out, the root and bad metadata are refused', () => {
    const tree = new Tree()
    for (const path of ['', '.', '/', '/etc', '../x', 'a/../../x', 'a\0']) {
      expect(() => tree.add(path, directory())).toThrow(code('ROS_TREE_PATH'))
      expect(() => tree.replace(path, directory())).toThrow(code('ROS_TREE_PATH'))
    }
    expect(() => tree.add('f', file(fromText(''), { mode: 0o10000 }))).toThrow(code('ROS_TREE_FIELD'))
    expect(tree.size).toBe(0)
    expect(() => tree.get('../x')).toThrow(code('ROS_TREE_PATH'))
  })
})

describe('the root', () => {
  test('has metadata, and only that', () => {
    const tree = new Tree()
    expect(tree.root).toEqual(directory())
    tree.root = directory({ mode: 0o700, mtime: 9 })
    expect(tree.root).toMatchObject({ mode: 0o700, mtime: 9 })
    expect(() => {
      tree.root = directory({ uid: -1 })
    }).toThrow(code('ROS_TREE_FIELD'))
    expect(tree.size).toBe(0)
  })
})

describe('order', () => {
  test('by bytes, parents first', () => {
    const tree = new Tree()
    for (const path of ['b', 'a', 'a-b', 'a b', 'a.b', 'Z', 'é', 'z', '\uffff', '💩'])
      tree.add(path, directory())
    tree.add('a/c', text()).add('a/b', directory()).add('a/b/x', text())
    expect(paths(tree)).toEqual([
      'Z',
      'a',
      'a b',
      'a-b',
      'a.b',
      'a/b',
      'a/b/x',
      'a/c',
      'b',
      'z',
      'é',
      '\uffff',
      '💩',
    ])
    expect(tree.children('')).toEqual(['Z', 'a', 'a b', 'a-b', 'a.b', 'b', 'z', 'é', '\uffff', '💩'])
    expect(tree.children('./a/')).toEqual(['b', 'c'])
    expect([tree.children('a/b/x'), tree.children('none')]).toEqual([[], []])
  })
})

describe('addDirectories', () => {
  test('makes what is missing and leaves what is there', () => {
    const tree = new Tree().add('a', directory({ mode: 0o700 }))
    tree.addDirectories('a/b/c', { mode: 0o711 }).addDirectories('').addDirectories('./a/b/')
    expect([...tree].map(({ path, node }) => [path, node.mode])).toEqual([
      ['a', 0o700],
      ['a/b', 0o711],
      ['a/b/c', 0o711],
    ])
  })

  test('not through what is no directory', () => {
    const tree = new Tree().add('f', text())
    expect(() => tree.addDirectories('f')).toThrow(code('ROS_TREE_EXISTS'))
    expect(() => tree.addDirectories('f/d')).toThrow(code('ROS_TREE_EXISTS'))
    expect(() => tree.addDirectories('../d')).toThrow(code('ROS_TREE_PATH'))
  })
})

describe('replace and remove', () => {
  const make = () =>
    new Tree()
      .add('d', directory())
      .add('d/x', text('x'))
      .add('d-e', text())
      .add('e', text())
      .add('l', symlink('d'))

  test('a directory goes with all below it, a namesake stays', () => {
    const tree = make()
    expect(tree.remove('d')).toBe(2)
    expect(paths(tree)).toEqual(['d-e', 'e', 'l'])
    expect([tree.remove('d'), tree.remove('none/x'), tree.remove('e')]).toEqual([0, 0, 1])
    expect(tree.remove('')).toBe(2)
    expect(tree.size).toBe(0)
  })

  test('replace puts anything over anything', () => {
    expect(paths(make().replace('d', text()))).toEqual(['d', 'd-e', 'e', 'l'])
    expect(paths(make().replace('d', directory({ mode: 0 })))).toEqual(['d', 'd-e', 'd/x', 'e', 'l'])
    expect(make().replace('e', directory()).add('e/x', text()).has('e/x')).toBe(true)
    expect(make().replace('l', directory()).get('l')?.type).toBe('directory')
    expect(() => make().replace('none/x', text())).toThrow(code('ROS_TREE_PARENT'))
  })

  test('replace with bad metadata changes nothing', () => {
    const tree = make()
    expect(() => tree.replace('d', file(fromText(''), { uid: 0.5 }))).toThrow(code('ROS_TREE_FIELD'))
    expect(paths(tree)).toEqual(paths(make()))
  })
})

describe('hard links', () => {
  test('are one node at several paths, and stay so through merge and filter', () => {
    const shared = text('one')
    const tree = new Tree().add('a', shared).add('d', directory()).add('d/b', shared)
    expect(tree.get('a')).toBe(tree.get('d/b'))
    const merged = new Tree().merge(tree, 'below/here')
    expect(merged.get('below/here/a')).toBe(shared)
    expect(merged.get('below/here/d/b')).toBe(shared)
    const filtered = merged.filter(() => true)
    expect(filtered.get('below/here/a')).toBe(filtered.get('below/here/d/b'))
    tree.remove('a')
    expect(tree.get('d/b')).toBe(shared)
  })

  test('may be devices', () => {
    const console = device('character', 5, 1)
    const tree = new Tree().add('a', console).add('b', console)
    expect(tree.get('a')).toBe(tree.get('b'))
  })
})

describe('merge', () => {
  test('the other tree wins, directories are joined', () => {
    const ours = new Tree()
      .add('d', directory())
      .add('d/a', text('old'))
      .add('d/b', text())
      .add('s', directory())
    ours.add('s/x', text())
    const theirs = new Tree()
      .add('d', directory({ mode: 0o700 }))
      .add('d/a', text('new'))
      .add('s', symlink('d'))
    theirs.root = directory({ mode: 0 })
    const merged = new Tree().merge(ours).merge(theirs)
    expect(paths(merged)).toEqual(['d', 'd/a', 'd/b', 's'])
    expect(merged.get('d/a')).toBe(theirs.get('d/a'))
    expect(merged.get('d')?.mode).toBe(0o700)
    expect(merged.root.mode).toBe(0o755)
    expect(paths(theirs)).toEqual(['d', 'd/a', 's'])
  })

  test('into itself, below', () => {
    const tree = new Tree().add('a', text())
    tree.merge(tree, 'copy')
    expect(paths(tree)).toEqual(['a', 'copy', 'copy/a'])
  })
})

describe('filter', () => {
  test('leaves out what is below a directory that is left out, and changes nothing else', () => {
    const tree = new Tree()
      .add('a', directory())
      .add('a/b', directory())
      .add('a/b/c', text())
      .add('d', text())
    tree.root = directory({ mode: 0o700 })
    const kept = tree.filter(({ path }) => path !== 'a/b')
    expect(paths(kept)).toEqual(['a', 'd'])
    expect(kept.root.mode).toBe(0o700)
    expect(tree.size).toBe(4)
    const names: string[] = []
    tree.filter(({ path }) => names.push(path) > 0 && path !== 'a')
    expect(names).toEqual(['a', 'd'])
  })
})
