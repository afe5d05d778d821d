import { fromBytes, fromText } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { elfModule } from '../test/elf-module.ts'
import { release, sampleModules, sampleTree } from '../test/sample-kernel.ts'
import { readKernel } from './index.ts'

describe('readKernel', () => {
  test.each(['lib/modules', 'usr/lib/modules'])(
    'finds image, configuration, modules and lists in %s',
    (root) => {
      const kernel = readKernel(sampleTree(root))
      expect(kernel.release).toBe(release)
      expect(kernel.vmlinuz.size).toBe(6)
      expect(kernel.config?.size).toBe(17)
      expect(kernel.systemMap).toBeUndefined()
      expect(kernel.modules.map(({ path }) => path)).toEqual(Object.keys(sampleModules).sort())
      expect(kernel.modules[0]).toMatchObject({ name: 'fast_hash_generic' })
      expect([...kernel.lists.keys()]).toEqual([
        'modules.order',
        'modules.builtin',
        'modules.builtin.modinfo',
      ])
      expect(kernel.modulesMtime).toBe(1_700_000_000)
    },
  )

  test('knows compressed modules by their ending', () => {
    const tree = sampleTree()
    const folder = `lib/modules/${release}/extra`
    tree.addDirectories(folder)
    for (const ending of ['xz', 'gz', 'zst'])
      tree.add(`${folder}/m-${ending}.ko.${ending}`, file(fromText('')))
    const extra = readKernel(tree).modules.filter(({ path }) => path.startsWith('extra/'))
    expect(extra.map(({ name, path, format }) => [name, path, format])).toEqual([
      ['m_gz', 'extra/m-gz.ko', 'gzip'],
      ['m_xz', 'extra/m-xz.ko', 'xz'],
      ['m_zst', 'extra/m-zst.ko', 'zstd'],
    ])
  })

  test('a module in updates/ replaces the one of the same name; any other second one is an error', () => {
    const tree = sampleTree().addDirectories(`lib/modules/${release}/updates/dkms`)
    const module = file(fromBytes(elfModule()))
    tree.add(`lib/modules/${release}/updates/dkms/net_card.ko`, module)
    const found = readKernel(tree).modules.filter(({ name }) => name === 'net_card')
    expect(found.map(({ path }) => path)).toEqual(['updates/dkms/net_card.ko'])
    tree.add(`lib/modules/${release}/kernel/net_card.ko`, module)
    expect(() => readKernel(tree)).toThrow(expect.objectContaining({ code: 'ROS_KERNEL_FETCH_MODULE' }))
  })

  test('refuses no kernel, two kernels, an image without its modules', () => {
    const code = expect.objectContaining({ code: 'ROS_KERNEL_FETCH_KERNEL' })
    const two = sampleTree().add('boot/vmlinuz-6.2', file(fromText('')))
    const folders = sampleTree().addDirectories('usr/lib/modules/6.2')
    const other = sampleTree()
    other.remove(`boot/vmlinuz-${release}`)
    other.add('boot/vmlinuz-6.2', file(fromText('')))
    const bare = sampleTree()
    bare.remove('lib')
    for (const tree of [new Tree(), two, folders, other, bare]) expect(() => readKernel(tree)).toThrow(code)
    expect(() => readKernel(two)).toThrow('6.1.0-test 6.2')
  })

  test('takes a vmlinuz without a release in its name for that of the modules', () => {
    const tree = sampleTree()
    const image = tree.get(`boot/vmlinuz-${release}`)
    if (image?.type !== 'file') throw new Error('no image in the sample')
    tree.remove(`boot/vmlinuz-${release}`)
    const kernel = readKernel(tree.add('boot/vmlinuz', image))
    expect(kernel.release).toBe(release)
    expect(kernel.vmlinuz).toBe(image.content)
  })
})
