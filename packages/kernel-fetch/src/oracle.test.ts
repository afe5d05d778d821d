import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, readAll } from '@ros/bytes'
import { fileSource, sha256 } from '@ros/bytes/node'
import { debTree } from '@ros/debian'
import { openStore } from '@ros/store'
import { type FileNode, file, type Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeToDisk } from '../test/disk-tree.ts'
import { elfModule } from '../test/elf-module.ts'
import { sampleModules, release as sampleRelease, sampleTree } from '../test/sample-kernel.ts'
import {
  directoryTree,
  type Kernel,
  type ModuleIndex,
  moduleIndex,
  readKernel,
  selectModules,
} from './index.ts'

const WRITTEN = [
  'alias',
  'alias.bin',
  'builtin.alias.bin',
  'builtin.bin',
  'dep',
  'dep.bin',
  'devname',
  'softdep',
  'symbols',
  'symbols.bin',
]

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ros-kernel-fetch-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a tool; one that is missing fails the test with a word on how to get it. */
function run(tool: string, args: readonly string[], debianPackage: string, cwd = folder): string {
  try {
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
    return execFileSync(tool, args, { cwd, env, encoding: 'utf8', stdio: 'pipe', timeout: 120_000 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error(`${tool} is missing: install the package ${debianPackage}`, { cause: error })
  }
}

/** Compares the index files of a tree with those that depmod makes of the same modules, in `root` on disk. */
async function compareWithDepmod(tree: Tree, release: string, root: string, ordered = true): Promise<void> {
  for (const name of WRITTEN) rmSync(join(root, `lib/modules/${release}/modules.${name}`))
  run('depmod', ['-b', root, release], 'kmod')
  for (const name of WRITTEN) {
    const path = `lib/modules/${release}/modules.${name}`
    const ours = Buffer.from(await readAll((tree.get(path) as FileNode).content, 1e8))
    const theirs = readFileSync(join(root, path))
    // Without the kernel's lists depmod goes by the directory's order, and leaves files of no bytes where we write empty tries.
    if (!ordered && name.endsWith('.bin')) continue
    // The order of modules.symbols is always that of a hash table.
    if (name === 'symbols' || !ordered) expect(sorted(ours)).toEqual(sorted(theirs))
    else expect(ours.equals(theirs), `modules.${name}: ${difference(ours, theirs)}`).toBe(true)
  }
}

/** Runs the code as it stands in the README, with `linux-image.deb` in the current folder. */
function runReadmeExample(): string {
  const home = join(import.meta.dirname, '..')
  const code =
    /```ts\n([^]*?)```/.exec(readFileSync(join(home, 'README.md'), 'utf8'))?.[1] ?? expect.fail('no example')
  // Inside the package, so that its imports resolve.
  const place = mkdtempSync(join(home, 'node_modules', '.readme-'))
  try {
    writeFileSync(join(place, 'example.mjs'), code)
    return run(process.execPath, ['--conditions=@ros/source', join(place, 'example.mjs')], 'nodejs')
  } finally {
    rmSync(place, { recursive: true })
  }
}

const sorted = (bytes: Buffer) => bytes.toString('latin1').split('\n').sort()

function difference(ours: Buffer, theirs: Buffer): string {
  const [a, b] = [ours, theirs].map((bytes) => bytes.toString('latin1').split('\n'))
  const at = a?.findIndex((line, i) => line !== b?.[i]) ?? 0
  return `line ${at + 1}, ours ${JSON.stringify(a?.[at]?.slice(0, 200))}, depmod's ${JSON.stringify(b?.[at]?.slice(0, 200))}`
}

describe.each([
  [4, true],
  [4, false],
  [8, true],
  [8, false],
] as const)('a kernel made by hand, words of %i bytes, little-endian %s', (wordSize, littleEndian) => {
  test.each([true, false])('has the index files that depmod makes (unversioned: %s)', async (unversioned) => {
    const tree = sampleTree()
    for (const [path, options] of Object.entries(sampleModules)) {
      const content = fromBytes(elfModule({ ...options, wordSize, littleEndian, unversioned }))
      tree.replace(`lib/modules/${sampleRelease}/${path}`, file(content))
    }
    const kernel = readKernel(tree)
    const all = selectModules(kernel, await moduleIndex(kernel), 'all')
    const root = mkdtempSync(join(folder, 'sample-'))
    await writeToDisk(all, root)
    await compareWithDepmod(all, sampleRelease, root)
  })
})

test.each([
  ['nothing to say', ['checksum'], true],
  ['no lists from its build', 'all', false],
  ['no modules', [], true],
] as const)('a kernel with %s', async (_name, names, lists) => {
  const tree = sampleTree()
  if (!lists) {
    for (const list of ['order', 'builtin', 'builtin.modinfo'])
      tree.remove(`lib/modules/${sampleRelease}/modules.${list}`)
  }
  const kernel = readKernel(tree)
  const selected = selectModules(kernel, await moduleIndex(kernel), names)
  const root = mkdtempSync(join(folder, 'bare-'))
  await writeToDisk(selected, root)
  await compareWithDepmod(selected, sampleRelease, root, lists)
})

test.each([
  ['xz', ['--check=crc32']],
  ['zstd', ['-q', '--rm']],
  ['gzip', []],
])('modules that %s has compressed', async (tool, args) => {
  const root = mkdtempSync(join(folder, `${tool}-`))
  await writeToDisk(sampleTree(), root)
  for (const path of Object.keys(sampleModules))
    run(
      tool,
      [...args, join('lib/modules', sampleRelease, path)],
      `${tool}-utils`.replace(/(zstd|gzip)-utils/, '$1'),
      root,
    )
  const kernel = readKernel(directoryTree(root))
  expect(kernel.modules.every(({ format }) => format === tool)).toBe(true)
  const plain = readKernel(sampleTree())
  const index = await moduleIndex(kernel)
  expect(index).toEqual(await moduleIndex(plain))
  for (const [path, options] of Object.entries(sampleModules)) {
    const node = selectModules(kernel, index, 'all').get(`lib/modules/${sampleRelease}/${path}`) as FileNode
    expect(await readAll(node.content, 1e6)).toEqual(elfModule(options))
  }
})

describe("Debian's kernel", () => {
  let printed = ''
  let kernel: Kernel
  let index: ModuleIndex

  beforeAll(async () => {
    const newest = /Depends: (linux-image-\S+)/.exec(
      run('apt-cache', ['depends', 'linux-image-amd64'], 'apt'),
    )?.[1]
    run('apt-get', ['download', '-q', newest ?? 'linux-image-amd64'], 'apt')
    const archive =
      readdirSync(folder).find((name) => name.endsWith('.deb')) ?? expect.fail('no package file')
    renameSync(join(folder, archive), join(folder, 'linux-image.deb'))
    printed = runReadmeExample()
    const store = await openStore(join(folder, 'store'))
    const digest = await sha256(fileSource(join(folder, 'linux-image.deb')))
    kernel = readKernel(await debTree(store, { name: 'linux-image.deb', digest }))
    index = await moduleIndex(kernel)
  }, 300_000)

  test('all modules: the index files are depmod’s, byte for byte', async () => {
    expect(index.modules.length).toBeGreaterThan(3000)
    const tree = selectModules(kernel, index, 'all')
    const root = join(folder, 'all')
    await writeToDisk(tree, root)
    await compareWithDepmod(tree, kernel.release, root)
  })

  test('the README’s example prints the modules that it says', () => {
    const names = printed.trimEnd().split('\n')
    expect(names).toEqual(
      expect.arrayContaining(['crc32c_generic.ko', 'ext4.ko', 'jbd2.ko', 'virtio_net.ko', 'virtio.ko']),
    )
    expect(names.length).toBeLessThan(20)
  })

  test('a selection: the index files are depmod’s, and modprobe finds its way by them', async () => {
    const names = [
      'overlay',
      'ext4',
      'isofs',
      'vfat',
      'nls-*',
      'virtio_net',
      'br_netfilter',
      'xt_MASQUERADE',
      'e1000e',
      'uas',
      'vxlan',
    ]
    const tree = selectModules(kernel, index, names)
    const selected = join(folder, 'selected')
    await writeToDisk(tree, selected)
    const modprobe = (name: string) =>
      run('modprobe', ['-d', selected, '-S', kernel.release, '--show-depends', name], 'kmod')
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^.*\//, '').trim())
    // By our own index files, before depmod replaces them.
    expect(modprobe('ext4').slice(-1)).toEqual(['ext4.ko'])
    expect(modprobe('ext4')).toEqual(
      expect.arrayContaining(['crc32c_generic.ko', 'crc16.ko', 'mbcache.ko', 'jbd2.ko']),
    )
    expect(modprobe('pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00').slice(-1)).toEqual(['e1000e.ko'])
    await compareWithDepmod(tree, kernel.release, selected)
    const paths = [...tree].map(({ path }) => path).filter((path) => path.endsWith('.ko'))
    expect(paths.length).toBeLessThan(200)
  })

  test('what modules say they depend on is what their symbols say', () => {
    for (const { needs, name } of index.modules) expect(needs, name).not.toContain(name)
    const ext4 = index.modules.find(({ name }) => name === 'ext4')
    expect([...(ext4?.needs ?? [])].sort()).toEqual(['crc16', 'jbd2', 'mbcache'])
    expect(ext4?.vermagic).toContain(kernel.release)
  })
})
