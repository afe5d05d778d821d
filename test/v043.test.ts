// The recipe v0.4.3 against real servers on loopback: a kernel tarball laid out as os-kernel's, a docker binary, an official ISO with
// `ros` in it over HTTP, and Debian's docker-registry with the images. What comes out is compared with rancher/os v0.4.3 entry by entry.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, fromText, readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { decompress } from '@ros/compress'
import { readTar } from '@ros/debian'
import {
  composeImage,
  type Image,
  readDockerSave,
  tarLayer,
  writeDockerSave,
  writeTreeTar,
} from '@ros/images-tar'
import { pushImage } from '@ros/images-tar/registry'
import { readInitrd, writeSegment } from '@ros/initrd'
import { layoutIso, readIso, writeIso } from '@ros/iso'
import { openStore, type Store } from '@ros/store'
import { file, symlink, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRegistry, type TestRegistry } from '../packages/images-tar/test/registry-server.ts'
import { runKit, runProgram } from './kit.ts'

const KERNEL = '4.2.8-ckt3-rancher'
const NAMES = [
  'acpid',
  'autoformat',
  'cloudinit',
  'console',
  'docker',
  'network',
  'ntp',
  'preload',
  'state',
  'statescript',
  'syslog',
  'udev',
]
const ros = Buffer.from('\u007fELF the ros of v0.4.3')
const docker = Buffer.from('\u007fELF docker 1.10.1')

let folder: string
let registry: TestRegistry
let server: Server
let rewrites: string[]
let store: Store
let userland: Image
let images: Image[]
const served = new Map<string, Buffer>()
const requests: string[] = []

beforeAll(async () => {
  folder = join(tmpdir(), `ros-v043-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  store = await openStore(join(folder, 'store'))
  registry = await startRegistry()
  await makeImages()
  await serveFiles()
  const { port } = server.address() as AddressInfo
  rewrites = [
    `https://github.com/=http://127.0.0.1:${port}/github/`,
    `https://get.docker.com/=http://127.0.0.1:${port}/docker/`,
    `https://docker.io/=http://${registry.host}/`,
  ].flatMap((rule) => ['--rewrite', rule])
})
afterAll(async () => {
  await registry.stop()
  server.closeAllConnections()
  server.close()
  await runProgram('rm', ['-rf', folder])
})

/** The DFS image, and the twelve on one base; pushed to the registry, and saved as docker would. */
async function makeImages(): Promise<void> {
  const image = async (name: string, tree: Tree, base?: Image) => {
    const tar = await store.take(writeTreeTar(tree))
    const layers = [await tarLayer(tar, tar.digest)]
    return composeImage({ repoTags: [name], layers, created: 1_455_500_000, ...(base && { base }) })
  }
  const program = (path: string, content: string) =>
    file(fromText(content), { mode: 0o755, mtime: path.length })
  const dfs = new Tree()
  for (const path of [
    'usr/bin',
    'usr/etc/ssl/certs',
    'usr/share/git-core/templates',
    'usr/libexec/git-core',
    'etc',
  ])
    dfs.addDirectories(path)
  for (const name of ['busybox', 'xz', 'iptables', 'docker', 'dockerlaunch', 'git', 'ssh'])
    dfs.add(`usr/bin/${name}`, program(name, `${name} of the image`))
  dfs
    .add('usr/bin/ps', symlink('busybox'))
    .add('usr/bin/modprobe', symlink('busybox'))
    .add('usr/sbin', symlink('bin'))
    .add('usr/etc/ssl/certs/ca-certificates.crt', file(fromText('certificates')))
    .add('usr/share/git-core/templates/description', file(fromText('x')))
    .add('usr/libexec/git-core/git-add', program('git-add', 'x'))
    .add('etc/passwd', file(fromText('root')))
  userland = await image('rancher/docker:v1.10.1', dfs)
  const root = new Tree()
    .addDirectories('bin')
    .add('bin/sh', program('sh', 'shell'))
    .add('gone', file(fromText('x')))
  const base = await image('rancher/os-base:v0.4.3', root)
  images = []
  for (const name of NAMES) {
    const own = new Tree().add(`${name}.txt`, file(fromText(name))).add('.wh.gone', file(fromText('')))
    images.push(await image(`rancher/os-${name}:v0.4.3`, own, base))
  }
  for (const one of [userland, ...images]) {
    const [name = ''] = one.repoTags
    await pushImage(one, `${registry.host}/${name}`, store, { compression: 'gzip' } as Parameters<
      typeof pushImage
    >[3])
  }
}

async function serveFiles(): Promise<void> {
  const kernel = new Tree()
  kernel
    .addDirectories('boot')
    .addDirectories(`lib/modules/${KERNEL}/kernel/fs`)
    .addDirectories('lib/firmware')
  kernel
    .add(`boot/vmlinuz-${KERNEL}`, file(fromText('a kernel'), { mtime: 5 }))
    .add(`boot/System.map-${KERNEL}`, file(fromText('map')))
    .add(`boot/config-${KERNEL}`, file(fromText('config')))
    .add(`lib/modules/${KERNEL}/modules.dep`, file(fromText('kernel/fs/isofs.ko:\n')))
    .add(`lib/modules/${KERNEL}/kernel/fs/isofs.ko`, file(fromText('module')))
    .add('lib/firmware/.git-commit', file(fromText('abc')))
    .add('lib/firmware/e100.bin', file(fromText('firmware')))
  const tarball = join(folder, 'kernel.tar')
  await replaceFile(tarball, writeTreeTar(kernel))
  expect((await runProgram('gzip', ['-n', tarball])).code).toBe(0)
  served.set(
    '/github/rancher/os-kernel/releases/download/Ubuntu-4.2.0-28.33-rancher/linux-4.2.8-ckt3-rancher-x86.tar.gz',
    readFileSync(`${tarball}.gz`),
  )
  served.set('/docker/builds/Linux/x86_64/docker-1.10.1', docker)
  const official = join(folder, 'official.iso')
  const initrd = new Tree()
    .addDirectories('usr/bin')
    .add('usr/bin/ros', file(fromBytes(ros), { mode: 0o755 }))
  const archive = await store.take(writeSegment({ name: 'all', tree: initrd, compression: 'lzma' }))
  const tree = new Tree().addDirectories('boot').add('boot/initrd', file(archive))
  await replaceFile(official, writeIso(layoutIso(tree, { volumeId: 'RancherOS', created: 0 })))
  served.set('/github/rancher/os/releases/download/v0.4.3/rancheros.iso', readFileSync(official))
  server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const content = served.get(request.url ?? '')
    if (content) response.end(content)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
}

/** `path`, `path -> target` or `path mode content-digest` of everything. */
async function listing(tree: Tree): Promise<string[]> {
  const lines: string[] = []
  for (const { path, node } of tree) {
    if (node.type === 'symlink') lines.push(`${path} -> ${node.target}`)
    else if (node.type === 'file') {
      const bytes = await readAll(node.content, 1e8)
      const hex = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
      lines.push(`${path} ${node.mode.toString(8)} ${hex}`)
    } else lines.push(`${path}/`)
  }
  return lines
}
const entry = (path: string, content: string | Buffer, mode = '644') =>
  `${path} ${mode} ${createHash('sha256').update(content).digest('hex').slice(0, 12)}`
const osConfig = (name: string) =>
  readFileSync(
    new URL(`../packages/distro/assets/os-config-${name}.yml`, import.meta.url),
    'utf8',
  ).replaceAll('${VERSION}', 'v0.4.3')

/** What initrd and root file system have in common: rancher/os v0.4.3, scripts/mk-initrd.sh. */
const COMMON = [
  'init -> usr/bin/ros',
  'sbin -> usr/sbin',
  'usr/',
  'usr/bin/',
  entry('usr/bin/busybox', 'busybox of the image', '755'),
  entry('usr/bin/docker', docker, '755'),
  entry('usr/bin/iptables', 'iptables of the image', '755'),
  'usr/bin/modprobe -> busybox',
  'usr/bin/ps -> busybox',
  entry('usr/bin/ros', ros, '755'),
  entry('usr/bin/xz', 'xz of the image', '755'),
  'usr/etc/',
  'usr/etc/ssl/',
  'usr/etc/ssl/certs/',
  entry('usr/etc/ssl/certs/ca-certificates.crt', 'certificates'),
  'usr/libexec/',
  'usr/sbin -> bin',
  'usr/share/',
  'usr/share/ros/',
  'var/',
  'var/lib/',
  'var/lib/system-docker/',
]
const KERNEL_PART = [
  'usr/lib/',
  'usr/lib/firmware/',
  entry('usr/lib/firmware/.git-commit', 'abc'),
  entry('usr/lib/firmware/e100.bin', 'firmware'),
  'usr/lib/modules/',
  `usr/lib/modules/${KERNEL}/`,
  `usr/lib/modules/${KERNEL}/kernel/`,
  `usr/lib/modules/${KERNEL}/kernel/fs/`,
  entry(`usr/lib/modules/${KERNEL}/kernel/fs/isofs.ko`, 'module'),
  entry(`usr/lib/modules/${KERNEL}/modules.dep`, 'kernel/fs/isofs.ko:\n'),
]

describe('recipe v0.4.3', () => {
  const out = () => join(folder, 'out')

  test('is refused without checksums, and locked when that is asked for', async () => {
    const refused = await runKit(['lock', '--recipe', 'v0.4.3', ...rewrites], { cwd: folder })
    expect(refused.stderr).toContain('code: ROS_DISTRO_UNPINNED')
    const locked = await runKit(['lock', '--recipe', 'v0.4.3', '--pin-new', ...rewrites], { cwd: folder })
    expect(locked.code, locked.stderr).toBe(0)
    const lock = readFileSync(join(folder, 'rancheros.lock.json'), 'utf8')
    expect(lock).not.toMatch(/127\.0\.0\.1|github|get\.docker/)
    const { parts } = JSON.parse(lock) as { parts: { images: { images: { reference: string }[] } } }
    expect(parts.images.images.map(({ reference }) => reference)).toEqual(
      NAMES.map((name) => `rancher/os-${name}:v0.4.3`),
    )
  })

  test('builds from the lock, then offline, into the tree of mk-initrd.sh, entry by entry', async () => {
    const args = ['build', '--recipe', 'v0.4.3', '--locked', '--rootfs', '--images-tar', '--out', out()]
    const built = await runKit([...args, ...rewrites], { cwd: folder })
    expect(built.code, built.stderr).toBe(0)
    expect(readdirSync(out()).sort()).toEqual([
      'SHA256SUMS',
      'build-info.json',
      'images.tar',
      'initrd',
      'iso-checksums.txt',
      'rancheros.iso',
      'rootfs.tar.gz',
      'sbom.spdx.json',
      'vmlinuz',
    ])
    const sums = readFileSync(join(out(), 'SHA256SUMS'), 'utf8')
    const before = requests.length
    const again = await runKit([...args, '--offline'], { cwd: folder })
    expect(again.code, again.stderr).toBe(0)
    expect(requests).toHaveLength(before)
    expect(readFileSync(join(out(), 'SHA256SUMS'), 'utf8')).toBe(sums)

    const initrd = fileSource(join(out(), 'initrd'))
    const { tree, segments } = await readInitrd(initrd)
    expect(segments.map(({ compression }) => compression)).toEqual(['lzma'])
    const imagesTar = readFileSync(join(out(), 'images.tar'))
    const expected = [
      ...COMMON,
      ...KERNEL_PART,
      entry('usr/share/ros/images.tar', imagesTar),
      entry('usr/share/ros/os-config.yml', osConfig('v0.4.3')),
    ]
    expect(await listing(tree)).toEqual(
      expected.sort((a, b) => ((a.split(' ')[0] ?? '') < (b.split(' ')[0] ?? '') ? -1 : 1)),
    )
    expect(readFileSync(join(out(), 'vmlinuz'), 'utf8')).toBe('a kernel')
    const list = 'xz --format=lzma -dc < "$0" | cpio -t --quiet'
    const listed = await runProgram('sh', ['-c', list, join(out(), 'initrd')])
    expect(listed.code, listed.stderr).toBe(0)
    expect(listed.stdout).toMatch(/^usr\/share\/ros\/images\.tar$/m)
  })

  test('images.tar has the twelve images, shared layers once, as docker 1.10 loads them', async () => {
    const archive = await readDockerSave(fileSource(join(out(), 'images.tar')))
    expect(archive.flatMap(({ repoTags }) => repoTags)).toEqual(
      NAMES.map((name) => `rancher/os-${name}:v0.4.3`),
    )
    expect(new Set(archive.flatMap(({ layers }) => layers.map(({ diffId }) => diffId))).size).toBe(
      NAMES.length + 1,
    )
    const copied = await runProgram('skopeo', [
      'inspect',
      '--config',
      `docker-archive:${join(out(), 'images.tar')}:docker.io/rancher/os-console:v0.4.3`,
    ])
    expect(copied.code, copied.stderr).toBe(0)
    const members = await runProgram('tar', ['tf', join(out(), 'images.tar')])
    expect(members.stdout).toMatch(/^manifest\.json$/m)
    expect(members.stdout).toMatch(/^repositories$/m)
  })

  test('rootfs.tar.gz has no kernel and no images.tar, and docker 1.10 finds its images in it', async () => {
    const plain = await store.take(decompress(fileSource(join(out(), 'rootfs.tar.gz')).open(), 'gzip'))
    const tree = await readTar(plain, 'rootfs')
    const lines = await listing(tree)
    const outside = lines.filter((line) => !/^var\/lib\/system-docker\/./.test(line))
    const expected = [...COMMON, entry('usr/share/ros/os-config.yml', osConfig('v0.4.3'))]
    expect(outside).toEqual(
      expected.sort((a, b) => ((a.split(' ')[0] ?? '') < (b.split(' ')[0] ?? '') ? -1 : 1)),
    )
    expect(tree.children('var/lib/system-docker')).toEqual(['image', 'overlay'])
    expect(tree.children('var/lib/system-docker/image')).toEqual(['overlay'])
    const layers = tree.children('var/lib/system-docker/overlay')
    expect(layers).toHaveLength(NAMES.length + 1)
    const roots = layers.map((id) => tree.children(`var/lib/system-docker/overlay/${id}/root`).join())
    expect(roots.sort()).toEqual(
      ['bin,gone', ...NAMES.map((name) => (name < 'bin' ? `${name}.txt,bin` : `bin,${name}.txt`))].sort(),
    )
    const shells = layers.map((id) => tree.get(`var/lib/system-docker/overlay/${id}/root/bin/sh`))
    // One file with many names: what overlay did with hard links.
    expect(new Set(shells).size).toBe(1)
  })

  test('the ISO has the tree, the boot loader and the one entry of v0.4.3', async () => {
    const { tree, volume, bootEntries } = await readIso(fileSource(join(out(), 'rancheros.iso')))
    expect([...tree].map(({ path }) => path)).toEqual([
      'boot',
      'boot/initrd',
      'boot/isolinux',
      'boot/isolinux/boot.cat',
      'boot/isolinux/isolinux.bin',
      'boot/isolinux/isolinux.cfg',
      'boot/isolinux/ldlinux.c32',
      'boot/vmlinuz',
    ])
    expect(volume).toMatchObject({ volumeId: 'RancherOS', publisher: 'Rancher Labs, Inc.' })
    expect(bootEntries).toHaveLength(1)
    const config = tree.get('boot/isolinux/isolinux.cfg')
    if (config?.type !== 'file') throw new Error('no isolinux.cfg')
    const text = new TextDecoder().decode(await readAll(config.content, 10_000))
    expect(text.trim().split(/\s*\n\s*/)).toEqual([
      'default rancheros',
      'label rancheros',
      'kernel /boot/vmlinuz',
      'initrd /boot/initrd',
      'append quiet rancher.state.autoformat=[/dev/sda,/dev/vda]',
    ])
    const sums = readFileSync(join(out(), 'iso-checksums.txt'), 'utf8')
    expect(sums).toMatch(/^sha256: [0-9a-f]{64} {2}rancheros\.iso\nmd5: [0-9a-f]{32} {2}rancheros\.iso\n$/)
  })

  test('--dev compresses with gzip', async () => {
    const dev = join(folder, 'dev')
    const built = await runKit(
      ['build', '--recipe', 'v0.4.3', '--locked', '--offline', '--dev', '--out', dev],
      {
        cwd: folder,
      },
    )
    expect(built.code, built.stderr).toBe(0)
    const { segments } = await readInitrd(fileSource(join(dev, 'initrd')))
    expect(segments.map(({ compression }) => compression)).toEqual(['gzip'])
  })
})

test('for arm: a root file system alone, images from a docker-save archive, ros from a file', async () => {
  const place = join(folder, 'arm')
  mkdirSync(place)
  const arm = (one: Image, name: string) =>
    composeImage({ repoTags: [name], layers: one.layers, created: 1_455_500_000, architecture: 'arm' })
  const named = images.map((one, index) => arm(one, `rancher/os-${NAMES[index]}:v0.4.3_arm`))
  await replaceFile(join(place, 'images.tar'), writeDockerSave(named))
  await replaceFile(
    join(place, 'userland.tar'),
    writeDockerSave([arm(userland, 'rancher/docker:v1.10.1_arm')]),
  )
  writeFileSync(join(place, 'ros'), ros)
  writeFileSync(join(place, 'docker'), docker)
  const text = readFileSync(
    new URL('../packages/distro/assets/recipes/v0.4.3_arm.yml', import.meta.url),
    'utf8',
  )
  const recipe = text
    .replace("from: { image: '*' }", 'from: { file: images.tar }')
    .replace('image: rancher/docker:v1.10.1_arm', 'file: userland.tar')
    .replace(/docker:\n +url: .*/, 'docker: { file: docker }')
    .replace('build: os', 'file: ros')
  writeFileSync(join(place, 'rancheros.yml'), recipe)
  const built = await runKit(['build', '--offline', '--out', 'out'], { cwd: place })
  expect(built.code, built.stderr).toBe(0)
  expect(readdirSync(join(place, 'out')).sort()).toEqual([
    'SHA256SUMS',
    'build-info.json',
    'rootfs.tar.gz',
    'sbom.spdx.json',
  ])
  const plain = await store.take(decompress(fileSource(join(place, 'out/rootfs.tar.gz')).open(), 'gzip'))
  const tree = await readTar(plain, 'rootfs')
  const lines = (await listing(tree)).filter((line) => !/^var\/lib\/system-docker\/./.test(line))
  const expected = [...COMMON, entry('usr/share/ros/os-config.yml', osConfig('v0.4.3_arm'))]
  expect(lines).toEqual(expected.sort((a, b) => ((a.split(' ')[0] ?? '') < (b.split(' ')[0] ?? '') ? -1 : 1)))
  // acpid is not on arm: its image is there and is not named.
  expect(tree.children('var/lib/system-docker/overlay')).toHaveLength(NAMES.length)
})

test('images -i prints what `ros config images` prints', async () => {
  const config = new URL('../packages/distro/assets/os-config-v0.4.3.yml', import.meta.url).pathname
  const { stdout } = await runKit(['images', '-i', config, '--system', 'v0.4.3'])
  expect(stdout).toBe(`${NAMES.map((name) => `rancher/os-${name}:v0.4.3`).join(' ')}\n`)
})
