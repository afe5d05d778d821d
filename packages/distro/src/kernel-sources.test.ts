import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fromText, readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { decompress, gzip, xz, zstd } from '@ros/compress'
import { readTar } from '@ros/debian'
import { writeTreeTar } from '@ros/images-tar'
import { writeSegment } from '@ros/initrd'
import { layoutIso, writeIso } from '@ros/iso'
import { openStore, type Store } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Input, inputFile } from './input.ts'
import { kernelTar } from './kernel-tar.ts'
import { kernelTree, readKernelSet } from './steps/kernel.ts'

const RELEASE = '4.2.8-ckt3-rancher'
let folder: string
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-kernel-sources-'))
  store = await openStore(join(folder, 'store'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** As os-kernel releases are laid out. */
function released(): Tree {
  const tree = new Tree().addDirectories('boot').addDirectories(`lib/modules/${RELEASE}/kernel`)
  tree.addDirectories('lib/firmware/intel')
  const add = (path: string, text: string) => tree.add(path, file(fromText(text), { mtime: 1_455_500_000 }))
  add(`boot/vmlinuz-${RELEASE}`, 'a kernel')
  add(`boot/config-${RELEASE}`, 'config')
  add(`lib/modules/${RELEASE}/modules.builtin`, 'kernel/fs/ext4/ext4.ko\n')
  add('lib/firmware/.git-commit', 'abc')
  add('lib/firmware/intel/x.bin', 'firmware')
  return tree
}

const content = async (chunks: AsyncIterable<Uint8Array>, name: string): Promise<Input> => ({
  kind: 'content',
  name,
  content: await store.take(chunks),
})
const taken = async (input: Input) => {
  const set = await readKernelSet(store, input, () => undefined)
  const tree = await kernelTree(set, 'all', () => undefined)
  return {
    release: set.kernel.release,
    vmlinuz: new TextDecoder().decode(await readAll(set.vmlinuz, 100)),
    tree,
  }
}
async function expectKernel(input: Input): Promise<void> {
  const { release, vmlinuz, tree } = await taken(input)
  expect({ release, vmlinuz }).toEqual({ release: RELEASE, vmlinuz: 'a kernel' })
  expect(tree.has('usr/lib/firmware/intel/x.bin')).toBe(true)
  expect(tree.has(`usr/lib/modules/${RELEASE}/modules.dep.bin`)).toBe(true)
}

describe('a kernel from', () => {
  const tar = () => writeTreeTar(released())

  test.each([
    ['a plain tarball', tar],
    ['tar.gz', () => gzip(tar(), { level: 6 })],
    ['tar.xz', () => xz(tar(), { level: 1 })],
    ['tar.zst', () => zstd(tar(), { level: 3 })],
  ])('%s', async (name, chunks) => expectKernel(await content(chunks(), name)))

  test('a directory', async () => {
    const path = join(folder, 'kernel')
    await writeOut(released(), path)
    await expectKernel({ kind: 'directory', path, digest: 'sha256:' })
  })

  test('a path inside an ISO, an initrd, a tarball, and one inside the other', async () => {
    const nested = new Tree().addDirectories('opt/kernel').merge(released(), 'opt/kernel')
    const initrd = await content(writeSegment({ name: 'k', tree: nested, compression: 'xz' }), 'initrd')
    await expectKernel({ kind: 'inside', path: '/opt/kernel', of: initrd })
    const archive = await content(gzip(writeTreeTar(nested), { level: 1 }), 'tar')
    await expectKernel({ kind: 'inside', path: 'opt/kernel', of: archive })
    const iso = new Tree().addDirectories('boot')
    if (initrd.kind === 'content') iso.add('boot/initrd', file(initrd.content))
    const image = await content(writeIso(layoutIso(iso, { volumeId: 'X', created: 0 })), 'iso')
    const inner: Input = { kind: 'inside', path: '/boot/initrd', of: image }
    await expectKernel({ kind: 'inside', path: 'opt/kernel', of: inner })
    const vmlinuz = { kind: 'inside', path: `opt/kernel/boot/vmlinuz-${RELEASE}`, of: inner } as const
    expect(new TextDecoder().decode(await readAll(await inputFile(store, vmlinuz, 'x'), 100))).toBe(
      'a kernel',
    )
    await expect(taken({ kind: 'inside', path: 'opt/none', of: inner })).rejects.toMatchObject({
      code: 'ROS_DISTRO_INPUT',
      subject: 'inside: opt/none',
    })
  })

  test('.deb packages, as a tarball of the layout that os-kernel had, the same each time', async () => {
    const image = deb(
      'linux-image',
      released().filter(({ path }) => !path.startsWith('lib/firmware')),
    )
    const firmware = deb(
      'linux-firmware',
      released().filter(({ path }) => /^lib($|\/firmware)/.test(path)),
    )
    const debs = [await image, await firmware]
    const cache = join(folder, 'cache')
    const out = join(folder, 'kernel.tar.gz')
    expect(await kernelTar({ files: debs, out, cache })).toMatchObject({ path: out, release: RELEASE })
    const first = createHash('sha256').update(readFileSync(out)).digest('hex')
    await kernelTar({ files: debs, out, cache })
    expect(createHash('sha256').update(readFileSync(out)).digest('hex')).toBe(first)
    const tree = await readTar(await store.take(decompress(fileSource(out).open(), 'gzip')), 'out')
    expect(tree.children('')).toEqual(['boot', 'lib'])
    expect(tree.children('boot')).toEqual([`vmlinuz-${RELEASE}`])
    expect(tree.has('lib/firmware/intel/x.bin')).toBe(true)
    expect(tree.has(`lib/modules/${RELEASE}/modules.dep`)).toBe(true)
    await expectKernel(await content(fileSource(out).open(), 'kernel.tar.gz'))
  })
})

describe('what is no kernel is refused', () => {
  test.each([
    ['nothing at all', () => fromText('').open(), 'ROS_DISTRO_CONTAINER'],
    ['a text', () => fromText('x'.repeat(2000)).open(), 'ROS_DISTRO_CONTAINER'],
    [
      'a compressed text',
      () => gzip(fromText('x'.repeat(2000)).open(), { level: 1 }),
      'ROS_DISTRO_CONTAINER',
    ],
    [
      'a tarball with no kernel',
      () => writeTreeTar(new Tree().addDirectories('boot')),
      'ROS_KERNEL_FETCH_KERNEL',
    ],
  ])('%s', async (name, chunks, code) => {
    await expect(taken(await content(chunks(), name))).rejects.toMatchObject({ code })
  })

  test('a compressed tarball that is cut anywhere: nothing of it stays in the store', async () => {
    const parts: Uint8Array[] = []
    for await (const chunk of gzip(writeTreeTar(released()), { level: 6 })) parts.push(chunk)
    const whole = Buffer.concat(parts)
    for (let length = 20; length < whole.length; length += Math.ceil(whole.length / 17)) {
      const cut = await content(one(whole.subarray(0, length)), `cut at ${length}`)
      await expect(taken(cut)).rejects.toMatchObject({ code: expect.stringMatching(/^ROS_/) })
    }
  })

  test.each([
    ['leads out', '../../etc/passwd'],
    ['is absolute', '/etc/passwd'],
    ['leads out further on', 'lib/../../../etc/passwd'],
  ])('a tarball with a name that %s', async (_, name) => {
    const archive = join(folder, 'evil.tar')
    writeFileSync(archive, Buffer.concat([ustar(name, 'x'), Buffer.alloc(1024)]))
    const input = await content(fileSource(archive).open(), 'evil.tar')
    await expect(taken(input)).rejects.toMatchObject({ code: 'ROS_DEBIAN_TAR' })
  })

  test('a link out of the tree leads nowhere', async () => {
    const path = join(folder, 'links.tar')
    execFileSync('sh', ['-c', 'mkdir l && ln -s /etc l/up && ln -s ../../.. l/out && tar cf links.tar l'], {
      cwd: folder,
    })
    const of = await content(fileSource(path).open(), 'links.tar')
    for (const inside of ['l/up/passwd', 'l/out/etc/passwd']) {
      const input: Input = { kind: 'inside', path: inside, of }
      await expect(inputFile(store, input, 'x')).rejects.toMatchObject({ code: 'ROS_DISTRO_INPUT' })
    }
  })
})

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** One entry of an archive with whatever name. */
function ustar(name: string, text: string): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, Buffer.from(text), Buffer.alloc(512 - text.length)])
}

async function writeOut(tree: Tree, root: string): Promise<void> {
  for (const { path, node } of tree) {
    const place = join(root, path)
    if (node.type === 'directory') mkdirSync(place, { recursive: true })
    if (node.type !== 'file') continue
    mkdirSync(dirname(place), { recursive: true })
    await replaceFile(place, node.content.open())
    utimesSync(place, node.mtime, node.mtime)
  }
}

/** A package of dpkg-deb's making. */
async function deb(name: string, tree: Tree): Promise<string> {
  const place = join(folder, name)
  await writeOut(tree, place)
  mkdirSync(join(place, 'DEBIAN'))
  const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: m <m@m>\nDescription: d\n`
  writeFileSync(join(place, 'DEBIAN/control'), control)
  execFileSync('dpkg-deb', ['-Zxz', '--root-owner-group', '--build', place, `${place}.deb`])
  return `${place}.deb`
}
