import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { collect, decodeName, fromBytes, fromText } from '@ros/bytes'
import { device, directory, file, symlink, Tree, type TreeNode } from '@ros/tree'
import { type IsoOptions, layoutIso, writeIso } from '../src/index.ts'

const LIMIT = 64 * 1024 * 1024

export async function isoBytes(tree: Tree, options: IsoOptions): Promise<Uint8Array> {
  return collect(writeIso(layoutIso(tree, options)), LIMIT)
}

/** Bytes that differ from place to place and from file to file. */
export function pattern(size: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length: size },
    (_, index) => (index * 31 + seed * 17 + Math.floor(index / 251)) % 256,
  )
}

/** One of everything that has gone wrong in some writer. */
export function edgeTree(): Tree {
  const tree = new Tree()
  tree.root = directory({ mode: 0o755, mtime: 1_600_000_000 })
  for (const size of [0, 1, 2047, 2048, 2049, 4096, 4097])
    tree.add(`size-${size}`, file(fromBytes(pattern(size, size)), { mtime: 1_500_000_000 + size }))

  tree.addDirectories('d1/d2/d3/d4/d5/d6/d7/d8/d9/d10')
  tree.add('d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/deep', file(fromText('deep')))
  tree.add('empty-directory', directory({ mode: 0o1777, uid: 100_000, gid: 100_001 }))

  const text = (name: string, given = {}) => tree.add(name, file(fromText(name), given))
  text('n'.repeat(255))
  text(`${'n'.repeat(251)}.ext`)
  text('日本語のファイル名.txt')
  text('emoji-😀.txt')
  text(decodeName(Uint8Array.of(0x69, 0x6e, 0xff, 0x76, 0xc3, 0x28)))
  text('CaseTest')
  text('casetest')
  text('.hidden')
  text('a.b.c.tar.gz')
  text('no extension.')
  text('semi;1')
  text('colon:star*question?back\\slash')
  text('setuid', { mode: 0o4755, uid: 100_000, gid: 100_000 })
  text('time-1969', { mtime: -86_400 })
  text('time-2099', { mtime: 4_070_908_800 })
  tree.add('AB', directory())
  text('ab')

  tree.addDirectories('joliet')
  for (let i = 0; i < 12; i++)
    text(`joliet/${'a common beginning of seventy characters and more '.repeat(2)}${i}.txt`)
  for (let i = 0; i < 3; i++) text(`joliet/${'x'.repeat(63)}😀-${i}`)
  tree.addDirectories('many')
  for (let i = 0; i < 300; i++) text(`many/${'a long name '.repeat(10)}${i}.tar.gz`)

  const links: Record<string, string> = {
    'link-root': '/',
    'link-dots': '../a/./b/../c',
    'link-long': `/${'c'.repeat(250)}/end`,
    'link-chain': `${'segment/'.repeat(50)}end`,
    'link-slashes': 'a//b/',
  }
  for (const [name, target] of Object.entries(links)) tree.add(name, symlink(target, { mtime: 1 }))

  tree.add('null', device('character', 1, 3, { mode: 0o666 }))
  tree.add('sda1', device('block', 8, 1))
  tree.add('nvme', device('block', 259, 70_000))
  tree.add('fifo', { ...directory({ mode: 0o600 }), type: 'fifo' })
  tree.add('socket', { ...directory({ mode: 0o600 }), type: 'socket' })

  const linked = file(fromBytes(pattern(5000, 9)), { mode: 0o640, uid: 7, gid: 8 })
  tree.add('hard-1', linked).add('hard-2', linked).add('d1/hard-3', linked)
  return tree
}

const ISOLINUX = '/usr/lib/ISOLINUX'
const SYSLINUX = '/usr/lib/syslinux/modules/bios'

/** A file of Debian's isolinux or syslinux-common. */
export function loader(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (cause) {
    throw new Error(`${path} is missing: install the Debian packages isolinux and syslinux-common`, { cause })
  }
}

/** Adds isolinux below boot/isolinux, with a configuration that speaks on the serial line. */
export function addIsolinux(tree: Tree): Tree {
  tree.addDirectories('boot/isolinux')
  const add = (name: string, bytes: Uint8Array) => tree.add(`boot/isolinux/${name}`, file(fromBytes(bytes)))
  add('isolinux.bin', loader(`${ISOLINUX}/isolinux.bin`))
  add('ldlinux.c32', loader(`${SYSLINUX}/ldlinux.c32`))
  const lines = ['serial 0 115200', 'say ISOLINUX-WAS-HERE', 'prompt 1', 'timeout 600', '']
  add('isolinux.cfg', new TextEncoder().encode(lines.join('\n')))
  return tree
}

/** Options of an image that starts isolinux, from a CD and from a disk. */
export function bootOptions(): IsoOptions {
  return {
    volumeId: 'RancherOS',
    created: 1_700_000_000,
    boot: {
      bios: { image: 'boot/isolinux/isolinux.bin', catalog: 'boot/isolinux/boot.cat' },
      hybrid: { mbr: loader(`${ISOLINUX}/isohdpfx.bin`), diskId: 0x1234_5678 },
    },
  }
}

/** A tree as values that can be compared: contents by digest, hard links by the first of their paths. */
export async function treeValues(tree: Tree): Promise<Record<string, unknown>> {
  const first = new Map<TreeNode, string>()
  const values: Record<string, unknown> = {}
  const own = async (node: TreeNode) => {
    if (node.type !== 'file') return { ...node }
    const { content, ...rest } = node
    const hash = createHash('sha256')
    for await (const chunk of content.open()) hash.update(chunk)
    return { ...rest, size: content.size, sha256: hash.digest('hex') }
  }
  values['/'] = await own(tree.root)
  for (const { path, node } of tree) {
    const linked = first.get(node)
    values[path] = linked ? { ...(await own(node)), linked } : await own(node)
    if (!linked) first.set(node, path)
  }
  return values
}
