import {
  link,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { edgeTree, loader, pattern, treeValues } from '../test/sample-tree.ts'
import { type IsoImage, layoutIso, lintIso, readIso, writeIso } from './index.ts'

let folder: string
let root: string
const paths: string[] = []

async function add(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(root, path), bytes)
  paths.push(path)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iso-read-'))
  root = join(folder, 'root')
  const deep = 'd1/d2/d3/d4/d5/d6/d7/d8/d9/d10'
  for (const path of ['boot/isolinux', deep, 'many']) await mkdir(join(root, path), { recursive: true })
  for (const path of ['boot', 'boot/isolinux', 'many', 'd1', 'd1/d2', deep]) paths.push(path)
  await add('boot/isolinux/isolinux.bin', loader('/usr/lib/ISOLINUX/isolinux.bin'))
  await add(`${deep}/deep.txt`, pattern(10, 1))
  for (const size of [0, 1, 2047, 2048, 2049]) await add(`size-${size}`, pattern(size, size))
  await add('n'.repeat(200), pattern(3, 3))
  await add('日本語のファイル名.txt', pattern(4, 4))
  for (let i = 0; i < 120; i++) await add(`many/${i} ${'long name '.repeat(12)}`, pattern(i, i))
  const targets = { 'to-dots': '../a/./b', 'to-root': '/', 'to-long': `/${'c'.repeat(250)}/end` }
  // genisoimage 1.1.11 writes a wrong entry length when more than 255 bytes of a target are left after the first SL.
  const chain = `${'segment/'.repeat(30)}end`
  for (const [name, target] of Object.entries({ ...targets, 'to-chain': chain })) {
    await symlink(target, join(root, name))
    paths.push(name)
  }
  await link(join(root, 'size-2049'), join(root, 'hard'))
  paths.push('hard')
  await utimes(join(root, 'size-1'), 1_234_567_890, 1_234_567_890)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Compares what was read with what lies on disk. */
async function compare({ tree }: IsoImage, patched: boolean): Promise<void> {
  for (const path of paths) {
    const node = tree.get(path)
    const stat = await lstat(join(root, path))
    if (!node) throw new Error(`${path} was not read`)
    expect(node.mode, path).toBe(stat.mode % 0o10000)
    expect([node.uid, node.gid, node.mtime], path).toEqual([
      stat.uid,
      stat.gid,
      Math.floor(stat.mtimeMs / 1000),
    ])
    if (node.type === 'symlink') expect(node.target, path).toBe(await readlink(join(root, path)))
    if (node.type !== 'file') continue
    if (patched && path.endsWith('isolinux.bin')) continue
    const read = await collect(node.content.open(), 1 << 20)
    expect(Buffer.compare(read, await readFile(join(root, path))), path).toBe(0)
  }
  expect(tree.get('hard')).toBe(tree.get('size-2049'))
}

describe('images by xorriso', () => {
  test('hybrid with boot image: the same tree, volume fields, the boot entry', async () => {
    const image = join(folder, 'xorriso.iso')
    const { exitCode, text } = await runTool(
      'xorriso',
      ['-as', 'mkisofs', '-l', '-J', '-R', '-V', 'RancherOS', '-publisher', 'SOMEBODY'],
      ['-b', 'boot/isolinux/isolinux.bin', '-c', 'boot/isolinux/boot.cat', '-no-emul-boot'],
      ['-boot-load-size', '4', '-boot-info-table', '-isohybrid-mbr', '/usr/lib/ISOLINUX/isohdpfx.bin'],
      ['-o', image, root],
    )
    expect(exitCode, text).toBe(0)
    const read = await readIso(fileSource(image))
    expect(read.hierarchies).toEqual(['rock-ridge', 'joliet', 'plain'])
    expect(read.volume).toMatchObject({
      volumeId: 'RancherOS',
      jolietVolumeId: 'RancherOS',
      publisher: 'SOMEBODY',
    })
    expect(read.bootEntries).toEqual([
      expect.objectContaining({ platform: 'x86', bootable: true, media: 0, loadSectors: 4 }),
    ])
    expect(read.bootEntries[0]?.path).toBe('boot/isolinux/isolinux.bin')
    await compare(read, true)
    const joliet = await readIso(fileSource(image), { hierarchy: 'joliet' })
    expect(joliet.tree.has('日本語のファイル名.txt')).toBe(true)
    expect(joliet.tree.children('many')).toHaveLength(120)
  })

  test('BIOS and UEFI entries are both listed', async () => {
    const image = join(folder, 'efi.iso')
    await writeFile(join(root, 'efi.img'), pattern(4096, 5))
    const boot = [
      '-b',
      'boot/isolinux/isolinux.bin',
      '-c',
      'boot.cat',
      '-no-emul-boot',
      '-boot-load-size',
      '4',
    ]
    const efi = ['-eltorito-alt-boot', '-e', 'efi.img', '-no-emul-boot']
    const { exitCode, text } = await runTool(
      'xorriso',
      '-as',
      'mkisofs',
      '-R',
      ...boot,
      ...efi,
      '-o',
      image,
      root,
    )
    await rm(join(root, 'efi.img'))
    expect(exitCode, text).toBe(0)
    const { bootEntries } = await readIso(fileSource(image))
    expect(bootEntries.map(({ platform, path }) => [platform, path])).toEqual([
      ['x86', 'boot/isolinux/isolinux.bin'],
      ['efi', 'efi.img'],
    ])
  })

  test('the whole edge tree, taken over from an image of ours', async () => {
    const [ours, image] = [join(folder, 'edge.iso'), join(folder, 'edge-again.iso')]
    const tree = edgeTree()
    await replaceFile(ours, writeIso(layoutIso(tree, { volumeId: 'EDGE', created: 0 })))
    const commands = [
      '-hardlinks',
      'on',
      '-indev',
      ours,
      '-outdev',
      image,
      '-joliet',
      'on',
      '-changes_pending',
      'yes',
      '-commit',
    ]
    const { exitCode, text } = await runTool('xorriso', commands)
    expect(exitCode, text).toBe(0)
    const read = await readIso(fileSource(image))
    const [written, again] = [await treeValues(tree), await treeValues(read.tree)]
    // xorriso makes one slash of several, and a root of its own.
    for (const values of [written, again]) for (const path of ['/', 'link-slashes']) delete values[path]
    expect(again).toEqual(written)
    for await (const finding of lintIso(fileSource(image))) expect(finding).toBeUndefined()
    const joliet = await readIso(fileSource(image), { hierarchy: 'joliet' })
    expect(joliet.tree.children('joliet')).toHaveLength(15)
    expect(joliet.tree.has('日本語のファイル名.txt')).toBe(true)
  })

  test('plain ISO 9660 without any extension', async () => {
    const image = join(folder, 'plain.iso')
    const { exitCode, text } = await runTool('xorriso', [
      '-outdev',
      image,
      '-rockridge',
      'off',
      '-joliet',
      'off',
      '-map',
      join(root, 'size-2048'),
      '/size-2048',
    ])
    expect(exitCode, text).toBe(0)
    const read = await readIso(fileSource(image))
    expect(read.hierarchies).toEqual(['plain'])
    const [path = ''] = read.tree.children('')
    const node = read.tree.get(path)
    if (node?.type !== 'file') throw new Error(`${path} is no file`)
    expect(await collect(node.content.open(), 4096)).toEqual(pattern(2048, 2048))
  })
})

describe('images by genisoimage', () => {
  test('with directories below eight levels, which it moves away: shown where they belong', async () => {
    const image = join(folder, 'genisoimage.iso')
    const { exitCode, text } = await runTool('genisoimage', [
      '-quiet',
      '-l',
      '-J',
      '-R',
      '-V',
      'config-2',
      '-o',
      image,
      root,
    ])
    expect(exitCode, text).toBe(0)
    const read = await readIso(fileSource(image))
    expect(read.hierarchies).toEqual(['rock-ridge', 'joliet', 'plain'])
    expect(read.volume.volumeId).toBe('config-2')
    await compare(read, false)
    expect(read.tree.children('rr_moved')).toEqual([])
  })
})
