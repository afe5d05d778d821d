import { execFileSync, spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromBytes, fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { composeImage, treeLayer, writeDockerSave, writeOciLayout } from '@ros/images-tar'
import { writeSegments } from '@ros/initrd'
import { layoutIso, readSectors, writeIso } from '@ros/iso'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lookAt } from '../look/looked.ts'
import { Spool } from '../look/spool.ts'
import { measureSpace } from './measure.ts'
import { spacePage } from './page.ts'
import type { SpaceNode } from './space.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-space-'))
const at = (name: string) => join(folder, name)
const spool = new Spool(64 * 1024 ** 2, new AbortController().signal)
const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** Bytes that do not compress well, the same every time. */
function noise(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => (state = (state * 48271) % 2147483647) % 256)
}
const keep = (chunks: AsyncIterable<Uint8Array>) => spool.store(chunks, 'layer')
const program = (length: number) =>
  file(fromBytes(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, ...noise(length - 4))), { mode: 0o755 })

const measure = async (target: string) => measureSpace(at(target), await lookAt(at(target), spool), spool)

async function image() {
  const layer = await treeLayer(
    new Tree().addDirectories('etc').add('etc/motd-of-image', file(fromText('hi\n'.repeat(500)))),
  )
  return composeImage({ repoTags: ['rancher/os-base:v1'], layers: [layer], created: 0 })
}

beforeAll(async () => {
  await replaceFile(at('images.tar'), writeDockerSave([await image()]))
  await replaceFile(at('layout.tar'), writeOciLayout([await image()], { compression: 'gzip', keep }))
  const root = new Tree()
    .addDirectories('usr/bin')
    .add('usr/bin/dockerd', program(40_000))
    .add('usr/images.tar', file(fromBytes(readFileSync(at('images.tar')))))
  await replaceFile(at('initrd'), writeSegments([{ name: 'main', tree: root, compression: 'gzip' }]))
  const iso = new Tree()
    .addDirectories('boot')
    .add('boot/initrd', file(fromBytes(readFileSync(at('initrd')))))
    .add('boot/vmlinuz', program(20_000))
    .add('boot/damaged.gz', file(fromBytes(readFileSync(at('initrd')).subarray(0, 9000))))
  await replaceFile(at('small.iso'), writeIso(layoutIso(iso, { volumeId: 'SMALL', created: 0 })))
  mkdirSync(at('host/sub'), { recursive: true })
  writeFileSync(at('host/sub/a'), 'a'.repeat(3000))
  linkSync(at('host/sub/a'), at('host/b'))
  writeFileSync(at('text'), 'some text')
  const script = `mkfs.vfat -C --invariant esp.img 4096; mcopy -i esp.img initrd ::initrd; truncate -s 6M disk.img
    sgdisk -n 1:2048:10239 -t 1:ef00 disk.img; dd if=esp.img of=disk.img bs=512 seek=2048 conv=notrunc`
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
  execFileSync('sh', ['-ec', script], { cwd: folder, env, stdio: 'pipe' })
}, 60_000)
afterAll(async () => {
  await spool.close()
  rmSync(folder, { recursive: true, force: true })
})

const flat = (nodes: readonly SpaceNode[]): SpaceNode[] =>
  nodes.flatMap((one) => [one, ...flat(one.children)])

describe('measureSpace', () => {
  test('an ISO: every byte has one place, and what is nested is opened', async () => {
    const { levels, inside, notes } = await measure('small.iso')
    const names = levels.map(({ name, what }) => `${name}: ${what}`)
    expect(names).toEqual([
      'small.iso: ISO 9660',
      'small.iso:/boot/initrd: initrd, gzip',
      'small.iso:/boot/initrd:/usr/images.tar: docker-save archive',
      expect.stringMatching(/^small\.iso:\/boot\/initrd:\/usr\/images\.tar:\/.*: tar$/),
    ])
    const [iso, initrd, images] = levels
    expect(iso.size).toBe(readFileSync(at('small.iso')).length)
    expect(iso.nodes.reduce((sum, { size }) => sum + size, 0)).toBe(iso.size)
    const nodes = flat(iso.nodes)
    const stored = nodes.find(({ path }) => path === 'boot/initrd')
    expect(stored?.size).toBe(readFileSync(at('initrd')).length)
    expect(initrd?.stored).toBe(stored?.size)
    expect(inside.get(stored?.id ?? '')).toBe(initrd)
    expect(flat(initrd?.nodes ?? []).find(({ name }) => name === 'dockerd')).toMatchObject({
      kind: 'program',
      size: 40_000,
    })
    expect(flat(images?.nodes ?? []).map(({ label }) => label)).toContain('layer 1 of rancher/os-base:v1')
    const damaged = nodes.find(({ path }) => path === 'boot/damaged.gz')
    expect(notes.get(damaged?.id ?? '')).toMatch(/^not opened: /)
  })

  test.each([
    ['small.iso:/boot', 'directory of ISO 9660', ['initrd', 'vmlinuz', 'damaged.gz']],
    ['initrd', 'initrd, gzip', ['usr']],
    ['initrd:/usr/images.tar:rancher/os-base:v1', 'image', ['etc']],
    ['host', 'directory', ['b', 'sub']],
  ])('%s', async (target, what, want) => {
    const { levels } = await measure(target)
    expect(levels[0].what).toBe(what)
    expect(levels[0].nodes.map(({ name }) => name.split('/')[0])).toEqual(
      want.slice(0, levels[0].nodes.length),
    )
    expect(levels[0].nodes.length).toBeGreaterThan(0)
  })

  test('hard links take their space once', async () => {
    const { levels } = await measure('host')
    expect(levels[0]).toMatchObject({ size: 3000, stored: 3000, files: 2 })
  })

  test('an OCI layout: its blobs have words too', async () => {
    const { levels } = await measure('layout.tar')
    const labels = flat(levels[0].nodes).flatMap(({ label }) => label ?? [])
    expect(labels.sort()).toEqual(['configuration of rancher/os-base:v1', 'layer 1 of rancher/os-base:v1'])
    expect(levels[1]?.nodes.map(({ path }) => path)).toContain('etc')
  })
})

test('the names of what was opened are targets', async () => {
  for (const { name, files } of (await measure('small.iso')).levels) {
    const looked = await lookAt(at(name), spool)
    const container = looked.type === 'place' ? looked.container : undefined
    if (container?.type !== 'tree' && container?.type !== 'images') throw new Error(`${name} is no container`)
    expect([...container.tree].filter(({ node }) => node.type === 'file')).toHaveLength(files)
  }
})

test('a disk: partitions have a word, and what is in them is opened', async () => {
  const { levels } = await measure('disk.img')
  const [disk, volume] = levels
  expect(disk.nodes.map(({ kind, label, path, size }) => [kind, label, path, size])).toEqual([
    ['file', 'partition', '1', 4 * 1024 ** 2],
    ['rest', undefined, 'outside of partitions', 2 * 1024 ** 2],
  ])
  expect(volume).toMatchObject({ name: 'disk.img:/1', what: 'FAT12', size: 4 * 1024 ** 2, files: 1 })
  expect(spacePage(await measure('disk.img'))).toContain('partition 1: 4.2 MB')
})

test('a damaged ISO, read as far as it can be', async () => {
  const whole = readFileSync(at('small.iso'))
  const runs = await readSectors(fromBytes(whole))
  const boot = runs.find(({ owner }) => owner === 'directory /boot')
  // The length of the directory's first record.
  whole[(boot?.lba ?? 0) * 2048] = 1
  writeFileSync(at('damaged.iso'), whole)
  await expect(measure('damaged.iso')).rejects.toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^ROS_ISO_/) }),
  )
  const lenient = new Spool(64 * 1024 ** 2, new AbortController().signal, true)
  const looked = await lookAt(at('damaged.iso'), lenient)
  const { levels } = await measureSpace(at('damaged.iso'), looked, lenient)
  expect(levels[0].size).toBe(whole.length)
  expect(lenient.problems.length).toBeGreaterThan(0)
  await lenient.close()
})

describe('inspect --html', () => {
  const kit = (...args: string[]) => {
    const given = ['--conditions=@ros/source', main, ...args]
    const { status, stdout, stderr } = spawnSync(process.execPath, given, { cwd: folder, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  test('writes the page, and prints what it prints without', () => {
    const plain = kit('inspect', '--json', 'small.iso')
    const drawn = kit('inspect', '--json', '--html', 'space.html', 'small.iso')
    expect(drawn).toEqual({ status: 0, stdout: plain.stdout, stderr: 'picture in space.html\n' })
    const page = readFileSync(at('space.html'), 'utf8')
    for (const name of [
      'boot/vmlinuz',
      'usr/bin/dockerd',
      'etc/motd-of-image',
      'layer 1 of rancher/os-base:v1',
    ])
      expect(page).toContain(name.split('/').at(-1))
    expect(page).toContain('primary volume descriptor')
    kit('inspect', '--html', 'again.html', 'small.iso')
    expect(readFileSync(at('again.html'), 'utf8')).toBe(page)
    expect(
      readdirSync(folder)
        .filter((name) => name.includes('html'))
        .sort(),
    ).toEqual(['again.html', 'space.html'])
  })

  const long = 'x'.repeat(300)
  test.each([
    ['no container', 'text', 'ROS_CLI_KIND'],
    ['a file in one', 'small.iso:/boot/vmlinuz', 'ROS_CLI_KIND'],
    ['what is missing', 'missing', 'ROS_CLI_FILE'],
    ['a name that is too long', long, 'ROS_CLI_FILE'],
    ['a path through a file', 'small.iso/boot', 'ROS_CLI_FILE'],
    ['what is missing in one', 'small.iso:/nothing', 'ROS_CLI_PATH'],
    ['a name in one that is too long', `small.iso:/${long}`, 'ROS_CLI_PATH'],
  ])('%s is refused, and nothing is written', (_, target, code) => {
    const { status, stderr } = kit('inspect', '--html', 'none.html', target)
    expect(status).toBe(1)
    expect(stderr).toContain(code)
    expect(readdirSync(folder)).not.toContain('none.html')
  })

  test.each(['small.iso', 'host', '/dev/null'])('nothing is written over %s', (path) => {
    const before = readFileSync(at('small.iso'))
    const { stderr } = kit('inspect', '--html', path, 'small.iso:/boot')
    expect(stderr).toContain('ROS_CLI_USAGE')
    expect(readFileSync(at('small.iso')).equals(before)).toBe(true)
  })
})
