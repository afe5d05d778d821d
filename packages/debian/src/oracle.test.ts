import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Digest, fileSource, sha256 } from '@ros/bytes/node'
import { openStore, type Store } from '@ros/store'
import type { Tree, TreeNode } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tool, toolText } from '../test/tools.ts'
import { debTree, fetchDebs, type PackageIndex, readDeb, readHostIndex, resolvePackages } from './index.ts'

let directory: string
let store: Store
let index: PackageIndex

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ros-debian-'))
  store = await openStore(join(directory, 'store'))
  index = await readHostIndex()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** One line per entry as GNU tar's long listing has it, without the size of what has none. */
function listing(tree: Tree): string[] {
  const time = (node: TreeNode) => new Date(node.mtime * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return [{ path: '', node: tree.root as TreeNode }, ...tree].map(({ path, node }) => {
    const size = node.type === 'file' ? ` ${node.content.size}` : ''
    const target = node.type === 'symlink' ? ` -> ${node.target}` : ''
    const mode = node.type === 'symlink' ? '0777' : node.mode.toString(8).padStart(4, '0')
    return `${path} ${node.type} ${mode} ${node.uid}/${node.gid}${size} ${time(node)}${target}`
  })
}

/** The same from dpkg-deb's tar archive as GNU tar lists it, in bytewise order, hard links told as their file. */
function dpkgListing(deb: string): string[] {
  const tar = join(directory, 'oracle.tar')
  writeFileSync(tar, tool('dpkg-deb', ['--fsys-tarfile', deb]))
  const args = ['--numeric-owner', '--full-time', '--quoting-style=literal', '-tvf', tar]
  const entries = new Map<string, string>()
  for (const line of toolText('tar', args).split('\n').filter(Boolean)) {
    const match = /^(\S)(\S{9}) (\S+) +(\S+) (\S+ \S+) \.\/(.*?)\/?(?: -> (.*)| link to \.\/(.*))?$/.exec(
      line,
    )
    if (match === null) throw new Error(`tar lists ${line}`)
    const [, letter = '', permissions = '', owner, size, time, path = '', target, hardLink] = match
    const type = { d: 'directory', '-': 'file', l: 'symlink', h: 'hard link' }[letter] ?? letter
    const ofFile = type === 'file' ? ` ${size}` : ''
    const arrow = target === undefined ? '' : ` -> ${target}`
    entries.set(
      path,
      hardLink === undefined
        ? `${type} ${octal(permissions)} ${owner}${ofFile} ${time}${arrow}`
        : (entries.get(hardLink) ?? 'nothing'),
    )
  }
  return [...entries]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([path, rest]) => `${path} ${rest}`)
}

function octal(permissions: string): string {
  const digit = (at: number, special: string) => {
    const [r, w, x = '-'] = permissions.slice(at, at + 3)
    return {
      bits: (r === 'r' ? 4 : 0) + (w === 'w' ? 2 : 0) + ('xst'.includes(x) ? 1 : 0),
      set: special.includes(x),
    }
  }
  const [user, group, other] = [digit(0, 'sS'), digit(3, 'sS'), digit(6, 'tT')]
  const high = (user.set ? 4 : 0) + (group.set ? 2 : 0) + (other.set ? 1 : 0)
  return `${high}${user.bits}${group.bits}${other.bits}`
}

/** What `dpkg-deb -x` puts on disk, compared file by file. */
async function compareExtracted(tree: Tree, deb: string) {
  const target = mkdtempSync(join(directory, 'x-'))
  tool('dpkg-deb', ['-x', deb, target])
  const hash = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  for (const { path, node } of tree) {
    const full = join(target, path)
    const stat = lstatSync(full)
    if (node.type === 'file')
      expect([path, hash(readFileSync(full))]).toEqual([path, await sha256(node.content)])
    else if (node.type === 'symlink') expect(readlinkSync(full)).toBe(node.target)
    else expect(stat.isDirectory()).toBe(node.type === 'directory')
    if (node.type === 'file') expect([path, stat.mode & 0o777]).toEqual([path, node.mode & 0o777])
  }
  const count = toolText('find', [target, '-mindepth', '1', '-printf', 'x\n']).split('\n').length - 1
  expect(tree.size).toBe(count)
  rmSync(target, { recursive: true })
}

describe('packages of this host', () => {
  test.each(['base-files', 'passwd', 'perl-base', 'openssh-client', 'tzdata', 'libpam-modules-bin'])(
    '%s is the tree that dpkg-deb lists and extracts',
    async (name) => {
      const [record] = resolvePackages(index, [name]).filter((one) => one.name === name)
      if (record === undefined) throw new Error(`${name} is not in the lists`)
      await fetchDebs([record], store)
      const deb = store.path(record.digest)
      const tree = await debTree(store, record)
      expect(listing(tree)).toEqual(dpkgListing(deb))
      await compareExtracted(tree, deb)
      const { control } = await readDeb(fileSource(deb), name)
      for (const field of ['Package', 'Version', 'Architecture', 'Depends', 'Description']) {
        const expected = toolText('dpkg-deb', ['-f', deb, field]).trim().split(/\n\s*/)
        expect((control.get(field.toLowerCase()) ?? '').split('\n')).toEqual(expected)
      }
    },
  )
})

describe('packages made by dpkg-deb', () => {
  test.each(['none', 'gzip', 'xz', 'zstd'])('-Z%s', async (compression) => {
    const root = mkdtempSync(join(directory, 'made-'))
    mkdirSync(join(root, 'DEBIAN'))
    writeFileSync(
      join(root, 'DEBIAN/control'),
      'Package: made\nVersion: 1:2~3-4\nArchitecture: all\nMaintainer: m <m@m>\nDescription: d\n',
    )
    mkdirSync(join(root, 'opt/a b'), { recursive: true })
    writeFileSync(join(root, 'opt/a b/café'), 'x'.repeat(100_000))
    writeFileSync(join(root, 'opt', 'n'.repeat(180)), '', { mode: 0o600 })
    writeFileSync(join(root, 'opt/later'), 'y', { mode: 0o4755 })
    symlinkSync(`../${'t'.repeat(200)}`, join(root, 'opt/link'))
    tool('ln', [join(root, 'opt/later'), join(root, 'opt/zz-hard')])
    const deb = join(directory, `${compression}.deb`)
    tool('dpkg-deb', [`-Z${compression}`, '--root-owner-group', '--build', root, deb])
    const digest = await sha256(fileSource(deb))
    await store.putFile(deb, { digest, subject: 'made' })
    const tree = await debTree(store, { name: 'made', digest })
    expect(tree.get('opt/zz-hard')).toBe(tree.get('opt/later'))
    expect(listing(tree)).toEqual(dpkgListing(deb))
    await compareExtracted(tree, deb)
    const { control, data } = await readDeb(fileSource(deb), 'made')
    expect(control.get('version')).toBe('1:2~3-4')
    expect(data.format).toBe(compression === 'none' ? undefined : compression)
  })
})

describe('closures', () => {
  /** What apt would install on a machine without any package. */
  const aptClosure = (names: readonly string[]) => {
    const empty = join(directory, 'status')
    writeFileSync(empty, '')
    const options = ['-o', `Dir::State::status=${empty}`, '-o', `Dir::State::extended_states=${empty}`]
    const text = toolText('apt-get', ['-s', '--no-install-recommends', ...options, 'install', ...names])
    return [...text.matchAll(/^Inst (\S+) \((\S+) /gm)]
      .map(([, name, version]) => `${name} ${version}`)
      .sort()
  }

  test.each([
    ['openssh-server'],
    ['docker.io'],
    ['udev'],
    ['linux-image-amd64'],
    ['systemd', 'isc-dhcp-client', 'mawk'],
    ['bash', 'coreutils', 'util-linux', 'iproute2', 'sudo', 'gawk', 'e2fsprogs', 'rsyslog', 'chrony'],
  ])('%s: as apt chooses', (...names) => {
    const ours = resolvePackages(index, names).map(({ name, version }) => `${name} ${version}`)
    expect(ours.sort()).toEqual(aptClosure(names))
  })
})
