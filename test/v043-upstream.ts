// What the recipe v0.4.3 fetches, on real servers on loopback: a kernel tarball laid out as os-kernel's, docker 1.10.1, an official ISO with `ros`
// in it over HTTP, and Debian's docker-registry with the images.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { composeImage, type Image, tarLayer, writeTreeTar } from '@ros/images-tar'
import { pushImage } from '@ros/images-tar/registry'
import { writeSegment } from '@ros/initrd'
import { layoutIso, writeIso } from '@ros/iso'
import { openStore, type Store } from '@ros/store'
import { file, symlink, Tree } from '@ros/tree'
import { startRegistry } from '../packages/images-tar/test/registry-server.ts'
import { runProgram } from './kit.ts'

export const KERNEL = '4.2.8-ckt3-rancher'
export const NAMES = [
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
export const ros = Buffer.from('\u007fELF the ros of v0.4.3')
export const docker = Buffer.from('\u007fELF docker 1.10.1')

export interface Upstream {
  /** For projects; it goes with `stop`. */
  readonly folder: string
  readonly store: Store
  /** The image `rancher/docker`, and the twelve on one base. */
  readonly userland: Image
  readonly images: readonly Image[]
  /** Options that lead the recipe's addresses here. */
  readonly rewrites: readonly string[]
  /** By path; more may be added. */
  readonly served: Map<string, Buffer>
  readonly requests: readonly string[]
  stop(): Promise<void>
}

export async function startUpstream(): Promise<Upstream> {
  const folder = mkdtempSync(join(tmpdir(), 'ros-v043-'))
  const store = await openStore(join(folder, 'store'))
  const registry = await startRegistry()
  const { userland, images } = await makeImages(store)
  for (const one of [userland, ...images]) {
    const [name = ''] = one.repoTags
    await pushImage(one, `${registry.host}/${name}`, store, { compression: 'gzip' } as Parameters<
      typeof pushImage
    >[3])
  }
  const served = await makeFiles(folder, store)
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const content = served.get(request.url ?? '')
    if (content) response.end(content)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const rewrites = [
    `https://github.com/=http://127.0.0.1:${port}/github/`,
    `https://get.docker.com/=http://127.0.0.1:${port}/docker/`,
    `https://docker.io/=http://${registry.host}/`,
  ].flatMap((rule) => ['--rewrite', rule])
  const stop = async () => {
    await registry.stop()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, store, userland, images, rewrites, served, requests, stop }
}

async function makeImages(store: Store): Promise<{ userland: Image; images: Image[] }> {
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
  const userland = await image('rancher/docker:v1.10.1', dfs)
  const root = new Tree()
    .addDirectories('bin')
    .add('bin/sh', program('sh', 'shell'))
    .add('gone', file(fromText('x')))
  const base = await image('rancher/os-base:v0.4.3', root)
  const images: Image[] = []
  for (const name of NAMES) {
    const own = new Tree().add(`${name}.txt`, file(fromText(name))).add('.wh.gone', file(fromText('')))
    images.push(await image(`rancher/os-${name}:v0.4.3`, own, base))
  }
  return { userland, images }
}

async function makeFiles(folder: string, store: Store): Promise<Map<string, Buffer>> {
  const served = new Map<string, Buffer>()
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
  const packed = await runProgram('gzip', ['-n', tarball])
  if (packed.code !== 0) throw new Error(packed.stderr)
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
  return served
}
