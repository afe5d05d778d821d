// The recipe v0.4.3 against real servers on loopback. What comes out is compared with rancher/os v0.4.3 entry by entry.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { decompress } from '@ros/compress'
import { readTar } from '@ros/debian'
import { composeImage, type Image, loadIntoDaemon, readDockerSave, writeDockerSave } from '@ros/images-tar'
import { readInitrd } from '@ros/initrd'
import { readIso } from '@ros/iso'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDockerd } from '../packages/images-tar/test/dockerd.ts'
import { runKit, runProgram } from './kit.ts'
import { COMMON, entry, KERNEL_PART, listing, osConfig } from './v043-tree.ts'
import { docker, NAMES, ros, startUpstream, type Upstream } from './v043-upstream.ts'

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream.stop())

describe('recipe v0.4.3', () => {
  const out = () => join(upstream.folder, 'out')

  test('is refused without checksums, and locked when that is asked for', async () => {
    const refused = await runKit(['lock', '--recipe', 'v0.4.3', ...upstream.rewrites], {
      cwd: upstream.folder,
    })
    expect(refused.stderr).toContain('code: ROS_DISTRO_UNPINNED')
    const locked = await runKit(['lock', '--recipe', 'v0.4.3', '--pin-new', ...upstream.rewrites], {
      cwd: upstream.folder,
    })
    expect(locked.code, locked.stderr).toBe(0)
    const lock = readFileSync(join(upstream.folder, 'rancheros.lock.json'), 'utf8')
    expect(lock).not.toMatch(/127\.0\.0\.1|github|get\.docker/)
    const { parts } = JSON.parse(lock) as { parts: { images: { images: { reference: string }[] } } }
    expect(parts.images.images.map(({ reference }) => reference)).toEqual(
      NAMES.map((name) => `rancher/os-${name}:v0.4.3`),
    )
  })

  test('builds from the lock, then offline, into the tree of mk-initrd.sh, entry by entry', async () => {
    const args = ['build', '--recipe', 'v0.4.3', '--locked', '--rootfs', '--images-tar', '--out', out()]
    const built = await runKit([...args, ...upstream.rewrites], { cwd: upstream.folder })
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
    const before = upstream.requests.length
    const again = await runKit([...args, '--offline'], { cwd: upstream.folder })
    expect(again.code, again.stderr).toBe(0)
    expect(upstream.requests).toHaveLength(before)
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
    const plain = await upstream.store.take(
      decompress(fileSource(join(out(), 'rootfs.tar.gz')).open(), 'gzip'),
    )
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
    const dev = join(upstream.folder, 'dev')
    const built = await runKit(
      ['build', '--recipe', 'v0.4.3', '--locked', '--offline', '--dev', '--out', dev],
      {
        cwd: upstream.folder,
      },
    )
    expect(built.code, built.stderr).toBe(0)
    const { segments } = await readInitrd(fileSource(join(dev, 'initrd')))
    expect(segments.map(({ compression }) => compression)).toEqual(['gzip'])
  })
})

test('from other places, the same bytes: a docker daemon, and docker inside a static release', async () => {
  const place = join(upstream.folder, 'elsewhere')
  mkdirSync(join(place, 'docker'), { recursive: true })
  writeFileSync(join(place, 'docker/docker'), docker)
  const packed = await runProgram('tar', ['czf', 'docker.tgz', 'docker'], { cwd: place })
  expect(packed.code, packed.stderr).toBe(0)
  const release = readFileSync(join(place, 'docker.tgz'))
  upstream.served.set('/docker/builds/Linux/x86_64/docker-1.10.1.tgz', release)
  const text = readFileSync(new URL('../packages/distro/assets/recipes/v0.4.3.yml', import.meta.url), 'utf8')
  const url = 'https://get.docker.com/builds/Linux/x86_64/docker-1.10.1'
  const sha256 = createHash('sha256').update(release).digest('hex')
  const recipe = text
    .replace("from: { image: '*' }", "from: { daemon: '*' }")
    .replace('image: rancher/docker', 'daemon: rancher/docker')
    .replace(`url: ${url}`, `{ inside: docker/docker, of: { url: ${url}.tgz, sha256: ${sha256} } }`)
  writeFileSync(join(place, 'rancheros.yml'), recipe)
  const daemon = await startDockerd()
  try {
    await loadIntoDaemon(daemon.docker, [upstream.userland, ...upstream.images])
    const env = { DOCKER_HOST: `unix://${daemon.socket}` }
    const args = ['--recipe', 'rancheros.yml', ...upstream.rewrites]
    const locked = await runKit(['lock', '--pin-new', ...args], { cwd: place, env })
    expect(locked.code, locked.stderr).toBe(0)
    const built = await runKit(['build', '--locked', '--rootfs', '--images-tar', '--out', 'out', ...args], {
      cwd: place,
      env,
    })
    expect(built.code, built.stderr).toBe(0)
  } finally {
    await daemon.stop()
  }
  for (const name of ['initrd', 'vmlinuz', 'rancheros.iso', 'rootfs.tar.gz', 'images.tar']) {
    const same = await runProgram('cmp', [join(place, 'out', name), join(upstream.folder, 'out', name)])
    expect(same.code, same.stdout + same.stderr).toBe(0)
  }
}, 300_000)

test('for arm: a root file system alone, images from a docker-save archive, ros from a file', async () => {
  const place = join(upstream.folder, 'arm')
  mkdirSync(place)
  const arm = (one: Image, name: string) =>
    composeImage({ repoTags: [name], layers: one.layers, created: 1_455_500_000, architecture: 'arm' })
  const named = upstream.images.map((one, index) => arm(one, `rancher/os-${NAMES[index]}:v0.4.3_arm`))
  await replaceFile(join(place, 'images.tar'), writeDockerSave(named))
  await replaceFile(
    join(place, 'userland.tar'),
    writeDockerSave([arm(upstream.userland, 'rancher/docker:v1.10.1_arm')]),
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
  const plain = await upstream.store.take(
    decompress(fileSource(join(place, 'out/rootfs.tar.gz')).open(), 'gzip'),
  )
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
