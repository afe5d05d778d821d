import { gzipSync, zstdCompressSync } from 'node:zlib'
import { fromBytes, readAll } from '@ros/bytes'
import { type FileNode, file, type Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { elfModule } from '../test/elf-module.ts'
import { release, sampleModules, sampleTree } from '../test/sample-kernel.ts'
import { type ModuleRecord, moduleIndex, readKernel, selectModules } from './index.ts'

const kernel = readKernel(sampleTree())
const index = await moduleIndex(kernel)
const root = `lib/modules/${release}/`
const modulesOf = (tree: Tree) =>
  [...tree].map(({ path }) => path.slice(root.length)).filter((path) => path.endsWith('.ko'))
const bytesOf = async (tree: Tree, path: string) =>
  await readAll((tree.get(root + path) as FileNode).content, 1e7)
const textOf = async (tree: Tree, path: string) => new TextDecoder().decode(await bytesOf(tree, path))
const withoutSize = (module: ModuleRecord) => ({ ...module, size: 0 })
const select = (...names: string[]) => modulesOf(selectModules(kernel, index, names))

describe('moduleIndex', () => {
  test('says what the modules say, in the order of modules.order, and survives JSON', () => {
    expect(index.modules.map(({ name }) => name)).toEqual([
      'fs',
      'journal',
      'checksum',
      'fast_hash_generic',
      'late',
      'net_card',
    ])
    expect(index.modules[0]).toEqual({
      name: 'fs',
      path: 'kernel/fs/fs.ko',
      size: elfModule(sampleModules['kernel/fs/fs.ko']).length,
      alias: ['fs-sample'],
      softdep: ['pre: fast-hash post: late'],
      firmware: [],
      vermagic: '6.1.0-test SMP',
      needs: ['journal', 'checksum'],
      exports: [],
    })
    expect(index.builtin).toEqual(['ram_fs'])
    expect(index.builtinAlias).toEqual([['fs-ram', 'ram_fs']])
    expect(JSON.parse(JSON.stringify(index))).toEqual(index)
  })

  test('reports its progress', async () => {
    const seen: number[] = []
    await moduleIndex(kernel, { onProgress: (done, total) => seen.push(done, total) })
    expect(seen).toEqual([1, 6, 2, 6, 3, 6, 4, 6, 5, 6, 6, 6])
  })

  test.each([
    [4, true],
    [4, false],
    [8, true],
    [8, false],
  ] as const)(
    'reads ELF with words of %i bytes, little-endian %s, versioned or not',
    async (wordSize, littleEndian) => {
      for (const unversioned of [true, false]) {
        const tree = sampleTree()
        for (const [path, options] of Object.entries(sampleModules)) {
          const bytes = elfModule({ ...options, wordSize, littleEndian, unversioned, text: 200_000 })
          tree.replace(root + path, file(fromBytes(bytes)))
        }
        const other = await moduleIndex(readKernel(tree))
        expect(other.modules.map(withoutSize)).toEqual(index.modules.map(withoutSize))
      }
    },
  )

  test('modules that need one another cannot be put in order', async () => {
    const tree = sampleTree()
    tree.replace(
      `${root}kernel/lib/checksum.ko`,
      file(fromBytes(elfModule({ exports: ['crc_start'], imports: ['journal_start'] }))),
    )
    const circular = readKernel(tree)
    const made = await moduleIndex(circular)
    expect(() => selectModules(circular, made, ['fs'])).toThrow(
      expect.objectContaining({ code: 'ROS_KERNEL_FETCH_CYCLE' }),
    )
    expect(modulesOf(selectModules(circular, made, ['late']))).toEqual(['kernel/crypto/late.ko'])
  })
})

describe('selectModules', () => {
  test('takes hard dependencies and soft ones of before, not of after', () => {
    expect(select('fs')).toEqual([
      'kernel/crypto/fast-hash-generic.ko',
      'kernel/fs/fs.ko',
      'kernel/fs/journal.ko',
      'kernel/lib/checksum.ko',
    ])
    expect(select('checksum')).toEqual(['kernel/lib/checksum.ko'])
    expect(select()).toEqual([])
  })

  test('reads names as the kernel does, and patterns', () => {
    for (const name of ['net-card', 'net_card', 'net-card.ko', 'net*', '*card', 'net?card', '[mn]et_card']) {
      expect(select(name), name).toEqual(['kernel/drivers/net-card.ko'])
    }
    expect(select('ram-fs', 'ram_*')).toEqual([])
    expect(modulesOf(selectModules(kernel, index, 'all'))).toHaveLength(6)
  })

  test.each(['jurnal', 'nothing_*', 'fs/journal', '', '[', 'journal['])('refuses %j', (name) => {
    expect(() => select(name)).toThrow(
      expect.objectContaining({ code: 'ROS_KERNEL_FETCH_MODULE', subject: name }),
    )
  })

  test('hints at the name that was meant', () => {
    expect(() => select('jurnal')).toThrow(expect.objectContaining({ hint: 'did you mean journal?' }))
    expect(() => select('ramfs')).toThrow(expect.objectContaining({ hint: 'did you mean ram_fs?' }))
  })

  test('writes the index files of the selection', async () => {
    const tree = selectModules(kernel, index, ['fs', 'net-card'])
    expect(await textOf(tree, 'modules.dep')).toBe(
      [
        'kernel/fs/fs.ko: kernel/fs/journal.ko kernel/lib/checksum.ko',
        'kernel/fs/journal.ko: kernel/lib/checksum.ko',
        'kernel/lib/checksum.ko:',
        'kernel/crypto/fast-hash-generic.ko:',
        'kernel/drivers/net-card.ko:',
        '',
      ].join('\n'),
    )
    expect(await textOf(tree, 'modules.alias')).toContain(
      '\nalias fs-sample fs\nalias fast-hash fast_hash_generic\nalias hash:[a-c]* fast',
    )
    expect(await textOf(tree, 'modules.softdep')).toContain('\nsoftdep fs pre: fast-hash post: late\n')
    expect(await textOf(tree, 'modules.symbols')).toContain('\nalias symbol:crc_end checksum\n')
    expect(await textOf(tree, 'modules.devname')).toContain('\nnet_card net/card c10:99\n')
    expect(await textOf(tree, 'modules.builtin')).toBe('kernel/fs/ram-fs.ko\n')
    expect(tree.get(`${root}modules.dep`)?.mtime).toBe(1_700_000_000)
  })

  test('writes plain modules of compressed ones, with size and any part of their content', async () => {
    const tree = sampleTree()
    for (const [path, options] of Object.entries(sampleModules)) {
      tree.remove(root + path)
      const bytes = elfModule({ ...options, text: 300_000 })
      tree.add(`${root}${path}.gz`, file(fromBytes(gzipSync(bytes)), { mode: 0o600 }))
    }
    tree.remove(`${root}kernel/crypto/late.ko.gz`)
    const late = elfModule({ text: 5_000_000 })
    tree.add(`${root}kernel/crypto/late.ko.zst`, file(fromBytes(zstdCompressSync(late))))
    const packed = readKernel(tree)
    const packedIndex = await moduleIndex(packed)
    const without = (module: ModuleRecord) => ({ ...withoutSize(module), alias: [] })
    expect(packedIndex.modules.map(without)).toEqual(index.modules.map(without))
    const all = selectModules(packed, packedIndex, 'all')
    expect(modulesOf(all)).toEqual(Object.keys(sampleModules).sort())
    expect(all.get(`${root}kernel/fs/fs.ko`)?.mode).toBe(0o600)
    const node = all.get(`${root}kernel/crypto/late.ko`) as FileNode
    expect(Buffer.from(late).equals(await bytesOf(all, 'kernel/crypto/late.ko'))).toBe(true)
    for (const [offset, length] of [
      [0, 0],
      [0, 1],
      [late.length, 0],
      [1_000_000, 3_000_000],
      [late.length - 7, 7],
    ] as const) {
      const parts: Uint8Array[] = []
      for await (const chunk of node.content.open(offset, length)) parts.push(chunk)
      expect(Buffer.concat(parts).equals(late.subarray(offset, offset + length)), `${offset}+${length}`).toBe(
        true,
      )
    }
  })

  test('refuses an index of another kernel', () => {
    const code = expect.objectContaining({ code: 'ROS_KERNEL_FETCH_INDEX' })
    expect(() => selectModules(kernel, { ...index, release: '5.0' }, 'all')).toThrow(code)
    expect(() => selectModules(kernel, { ...index, modules: index.modules.slice(1) }, 'all')).toThrow(code)
    const moved = index.modules.map((module) => ({ ...module, path: `x/${module.path}` }))
    expect(() => selectModules(kernel, { ...index, modules: moved }, 'all')).toThrow(code)
  })
})
