import { concat, fromText } from '@ros/bytes'
import { directory, type FileNode, file, symlink, Tree } from '@ros/tree'
import { assetTree } from '../assets.ts'
import type { BuildContext } from '../build.ts'
import { DistroError } from '../error.ts'
import { inputTree } from '../input.ts'
import { keepOnly, prune } from '../prune.ts'

/** Engine segment: docker, containerd, runc and the few programs they call, with their libraries. */
export async function engineTree({ store, inputs, recipe, time }: BuildContext): Promise<Tree> {
  const packages = prune(await inputTree(store, inputs.engine, 'bin'))
  if (inputs.docker) addStatic(packages, await inputTree(store, inputs.docker))
  for (const name of recipe.engine.programs) {
    if (packages.has(`usr/bin/${name}`)) continue
    throw new DistroError('ROS_DISTRO_INPUT', 'no package of the engine has this program', {
      subject: `engine.programs: ${name}`,
      hint: 'name its package under engine.debian, take it from engine.programs, or see whether engine.docker should have it',
    })
  }
  const kept = keepOnly(packages, 'usr/bin', recipe.engine.programs)
  const tree = new Tree()
  for (const { path, node } of kept) if (path === 'usr' || path.startsWith('usr/')) tree.add(path, node)
  // The machine has no maintainer scripts: what their alternatives would choose is chosen here.
  for (const name of ['iptables', 'ip6tables']) {
    for (const suffix of ['', '-save', '-restore']) {
      tree.replace(`usr/bin/${name}${suffix}`, symlink('xtables-nft-multi', { mtime: time }))
    }
  }
  tree.remove('usr/share/ca-certificates')
  tree.addDirectories('usr/etc/ssl/certs', { mtime: time })
  tree.replace('usr/etc/ssl/certs/ca-certificates.crt', certificateBundle(packages, time))
  const mke2fs = packages.get('etc/mke2fs.conf')
  if (mke2fs) tree.add('usr/etc/mke2fs.conf', mke2fs)
  tree
    .addDirectories('usr/lib', { mtime: time })
    .replace('usr/lib/os-release', osRelease(recipe.version, time))
  return tree.merge(assetTree('machine', time))
}

/** The programs of docker's own release, a tar with a folder `docker` (static binaries since 17.06), in place of packaged ones. */
function addStatic(tree: Tree, release: Tree): void {
  const folder = release.get('docker')?.type === 'directory' ? release.children('docker') : []
  const programs = folder.flatMap((name) => {
    const node = release.get(`docker/${name}`)
    return node?.type === 'file' ? [{ path: `usr/bin/${name}`, node }] : []
  })
  if (programs.length === 0) {
    throw new DistroError('ROS_DISTRO_INPUT', 'no release of static docker binaries', {
      subject: 'engine.docker',
      limit: 'a tar with programs in its folder `docker`',
    })
  }
  tree.addDirectories('usr/bin')
  for (const { path, node } of programs) tree.replace(path, { ...node, mode: 0o755, uid: 0, gid: 0 })
}

/** os-release(5): who the system says it is. */
export function osRelease(version: string, mtime: number): FileNode {
  const lines = [
    'NAME="RancherOS"',
    `VERSION="${version}"`,
    `VERSION_ID="${version}"`,
    'ID=rancheros',
    'ID_LIKE=debian',
    `PRETTY_NAME="RancherOS ${version}"`,
  ]
  return file(fromText(`${lines.join('\n')}\n`), { mtime })
}

/** All certificates of the package ca-certificates in one file, in bytewise order of their names. */
export function certificateBundle(tree: Tree, mtime: number): FileNode {
  const newline = fromText('\n')
  const parts = [...tree]
    .filter(({ path }) => path.startsWith('usr/share/ca-certificates/') && path.endsWith('.crt'))
    .flatMap(({ node }) => (node.type === 'file' ? [node.content, newline] : []))
  return file(concat(parts), { mtime })
}

/** Names under which the one binary acts as something else. */
const ROS_NAMES = [
  'cloud-init',
  'console-init',
  'dockerlaunch',
  'halt',
  'lay-down-os',
  'modprobe',
  'netconf',
  'poweroff',
  'reboot',
  'respawn',
  'shutdown',
  'system-docker',
  'user-docker',
  'wait-for-docker',
  'wait-for-network',
]

/** Last segment: `ros`, its names and its configuration. */
export function rosTree(ros: FileNode['content'], osConfig: string, buildId: string, mtime: number): Tree {
  const tree = new Tree()
  const link = (path: string, target: string) => tree.add(path, symlink(target, { mtime }))
  for (const path of ['usr', 'usr/bin', 'usr/share', 'usr/share/ros']) tree.add(path, directory({ mtime }))
  link('init', 'usr/bin/ros')
  link('sbin', 'usr/sbin')
  link('usr/sbin', 'bin')
  tree.add('usr/bin/ros', file(ros, { mode: 0o755, mtime }))
  for (const name of ROS_NAMES) link(`usr/bin/${name}`, 'ros')
  tree.add('usr/share/ros/os-config.yml', file(fromText(osConfig), { mtime }))
  tree.add('usr/share/ros/build-id', file(fromText(`${buildId}\n`), { mtime }))
  return tree
}
