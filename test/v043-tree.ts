// The trees of rancher/os v0.4.3, entry by entry.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readAll } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import { docker, KERNEL, ros } from './v043-upstream.ts'

/** `path`, `path -> target` or `path mode content-digest` of everything. */
export async function listing(tree: Tree): Promise<string[]> {
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
export const entry = (path: string, content: string | Buffer, mode = '644') =>
  `${path} ${mode} ${createHash('sha256').update(content).digest('hex').slice(0, 12)}`
export const osConfig = (name: string) =>
  readFileSync(
    new URL(`../packages/distro/assets/os-config-${name}.yml`, import.meta.url),
    'utf8',
  ).replaceAll('${VERSION}', 'v0.4.3')

/** What initrd and root file system have in common: rancher/os v0.4.3, scripts/mk-initrd.sh. */
export const COMMON = [
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
export const KERNEL_PART = [
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
