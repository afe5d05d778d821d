// What Linux itself makes of images by us and by xorriso: one boot, all mounts, everything listed there and compared here.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, concat, decodeName, encodeName, fromText, zeros } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { writeInitrd } from '@ros/initrd'
import { layoutIso, readIso, writeIso } from '@ros/iso'
import { probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { device, directory, type FileNode, file, Tree, type TreeNode } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addIsolinux, bootOptions, edgeTree, pattern } from '../../packages/iso/test/sample-tree.ts'
import { writeSparse } from '../../packages/iso/test/write-sparse.ts'
import { type SmallIso, smallIso } from './small-iso.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-guest-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In the order in which they need each other. */
const MODULES = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'drivers/block/virtio_blk',
  'drivers/cdrom/cdrom',
  'fs/isofs/isofs',
  'fs/nls/nls_utf8',
]
const MOUNTS = ['ro', 'ro,norock', 'ro,norock,nojoliet', 'ro,iocharset=utf8']
const RESULT_SIZE = 8 * 1024 ** 2

// The listing goes to a disk, not to the console: names are bytes there.
const INIT = `#!/bin/sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
for module in ${MODULES.map((path) => path.split('/').at(-1)).join(' ')}; do insmod /modules/$module.ko || echo "##NO $module"; done
show() { # device, options, whether contents are read
  mount -t iso9660 -o $2 $1 /mnt && echo "##MOUNT $1 $2 OK" || return
  echo "##MOUNT $1 $2"
  cd /mnt
  find . -print0 | xargs -0 -n 40 stat -c '##S %f %u %g %s %Y %h %t:%T %n'
  find . -type l | while IFS= read -r link; do echo "##L $link"; readlink -n "$link"; echo; done
  [ $3 = yes ] && find . -type f -size -2000k -print0 | xargs -0 -n 40 sha256sum | sed 's/^/##D /'
  cd /; umount /mnt
}
{
  for options in ${MOUNTS.join(' ')}; do show /dev/vda $options yes; done
  for disk in vdb vdd; do show /dev/$disk ro yes; done
  mount -t iso9660 -o ro /dev/vdc /mnt && echo "##MOUNT /dev/vdc OK"
  stat -c '##HUGE %s' /mnt/huge; tail -c 4 /mnt/huge; echo; cat /mnt/zoo; echo
  find /mnt/dirs | wc -l | sed 's/^/##COUNT /'
} > /tmp/result 2>&1
grep '##MOUNT.*OK' /tmp/result
echo '##END' >> /tmp/result
dd if=/tmp/result of=/dev/vde bs=1M conv=fsync 2> /dev/null
echo HELLO-FROM-INIT
poweroff -f
`

let small: SmallIso
let tree: Tree
let result: Buffer

beforeAll(async () => {
  small = await smallIso()
  tree = addIsolinux(edgeTree())
  await replaceFile(at('edge.iso'), writeIso(layoutIso(tree, bootOptions())))
  await writeDeep()
  await writeHuge()
  writeFileSync(at('result'), '')
  truncateSync(at('result'), RESULT_SIZE)
  await replaceFile(at('initrd'), writeInitrd(initrdTree()))
  await replaceFile(at('vmlinuz'), small.vmlinuz.open())
  const { accelerator } = await probeAccelerator({})
  const disk = (name: string, readOnly = true) => ({ path: at(name), format: 'raw', readOnly }) as const
  const command = qemuCommand({
    accelerator,
    memoryMb: 512,
    cpus: 1,
    boot: { kernel: at('vmlinuz'), initrd: at('initrd'), append: 'console=ttyS0 quiet panic=-1' },
    disks: [disk('edge.iso'), disk('moved.iso'), disk('huge.iso'), disk('zisofs.iso'), disk('result', false)],
    network: 'none',
    noReboot: true,
  })
  await using machine = await startMachine(command, { stdin: 'ignore' })
  await machine.waitForLine(/^HELLO-FROM-INIT/, 420_000)
  await machine.exited
  result = readFileSync(at('result'))
  expect(result.includes('##END')).toBe(true)
})

function initrdTree(): Tree {
  const root = new Tree()
    .add('bin', directory())
    .add('bin/busybox', small.busybox)
    .add('init', file(fromText(INIT), { mode: 0o755 }))
  root.add('bin/sh', { type: 'symlink', target: 'busybox', mode: 0o777, uid: 0, gid: 0, mtime: 0 })
  for (const name of ['dev', 'proc', 'tmp', 'mnt', 'modules']) root.add(name, directory())
  root.add('dev/console', device('character', 5, 1))
  for (const { path, node } of small.kernel) {
    const module = MODULES.find((name) => path.endsWith(`/kernel/${name}.ko`))
    if (module !== undefined) root.add(`modules/${module.split('/').at(-1)}.ko`, node)
  }
  return root
}

/** Deep directories: moved away by genisoimage; files compressed by xorriso. */
async function writeDeep(): Promise<void> {
  mkdirSync(at('t/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10'), { recursive: true })
  writeFileSync(at('t/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/deep'), pattern(5000, 1))
  writeFileSync(at('t/text'), 'a line that is there again and again\n'.repeat(20_000))
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: 'pipe' })
  run('genisoimage', '-quiet', '-R', '-o', at('moved.iso'), at('t'))
  run(
    'xorriso',
    '-outdev',
    at('zisofs.iso'),
    '-map',
    at('t'),
    '/',
    '-set_filter_r',
    '--zisofs',
    '/',
    '--',
    '-commit',
  )
}

/** A file of two sections, and a path table of more than 64 KiB. */
async function writeHuge(): Promise<void> {
  const huge = new Tree()
    .add('huge', file(concat([zeros(4400 * 1024 ** 2 - 4), fromText('LAST')])))
    .add('zoo', file(fromText('behind')))
    .addDirectories('dirs')
  for (let i = 0; i < 2500; i++) huge.add(`dirs/directory-with-a-long-name-${i}`, directory())
  await writeSparse(
    at('huge.iso'),
    writeIso(layoutIso(huge, { volumeId: 'HUGE', created: 0 }), { reuseBuffers: true }),
  )
}

interface Listed {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly links: number
  readonly device: string
  target?: string
  sha256?: string
}

/** What a mount showed, by path. */
function listing(name: string): Map<string, Listed> {
  const text = result.toString('latin1')
  const start = text.indexOf(`##MOUNT ${name}\n`)
  if (start < 0) throw new Error(`${name} was not mounted:\n${text.slice(0, 2000)}`)
  const end = text.indexOf('##MOUNT', start + 10)
  const part = text.slice(start, end < 0 ? undefined : end)
  const path = (bytes: string) => decodeName(Buffer.from(bytes, 'latin1')).replace(/^\.\/?/, '')
  const listed = new Map<string, Listed>()
  for (const [, mode = '', uid, gid, size, mtime, links, rdev = '', found = ''] of part.matchAll(
    /^##S ([0-9a-f]+) (\d+) (\d+) (\d+) (-?\d+) (\d+) (\w+:\w+) (.*)$/gm,
  )) {
    listed.set(path(found), {
      mode: Number.parseInt(mode, 16),
      uid: Number(uid),
      gid: Number(gid),
      size: Number(size),
      mtime: Number(mtime),
      links: Number(links),
      device: rdev,
    })
  }
  for (const [, found = '', target = ''] of part.matchAll(/^##L (.*)\n(.*)$/gm)) {
    const entry = listed.get(path(found))
    if (entry) entry.target = decodeName(Buffer.from(target, 'latin1'))
  }
  for (const [, sha256 = '', found = ''] of part.matchAll(/^##D ([0-9a-f]{64}) {2}(.*)$/gm)) {
    const entry = listed.get(path(found))
    if (entry) entry.sha256 = sha256
  }
  return listed
}

const TYPE: Record<TreeNode['type'], number> = {
  fifo: 0o1,
  character: 0o2,
  directory: 0o4,
  block: 0o6,
  file: 0o10,
  symlink: 0o12,
  socket: 0o14,
}
const digestOf = async ({ content }: FileNode) =>
  createHash('sha256')
    .update(await collect(content.open(), 1 << 26))
    .digest('hex')

/** isofs shows no more of a name than fits 253 bytes with all of its NM entries, whoever wrote it (fs/isofs/rock.c). */
const isCut = (path: string) => path.split('/').some((name) => encodeName(name).length >= 254)

/** Rock Ridge: all that was written. */
async function expectWhole(listed: Map<string, Listed>, written: Tree): Promise<void> {
  for (const { path, node } of written) {
    if (isCut(path)) continue
    const entry = listed.get(path)
    if (!entry) throw new Error(`${path} was not listed`)
    expect(Math.floor(entry.mode / 0o10000), path).toBe(TYPE[node.type])
    expect([entry.mode % 0o10000, entry.uid, entry.gid], path).toEqual([node.mode, node.uid, node.gid])
    // isofs keeps times in 32 bits: what is later comes out modulo 2³².
    const wrapped = node.mtime > 0x7fff_ffff ? node.mtime - 2 ** 32 : node.mtime
    expect([node.mtime, wrapped], path).toContain(entry.mtime)
    if (node.type === 'symlink') expect(entry.target, path).toBe(node.target)
    if (node.type === 'file' && !path.endsWith('isolinux.bin'))
      expect([entry.size, entry.sha256], path).toEqual([node.content.size, await digestOf(node)])
    // The kernel cuts minor numbers of this form to 8 bits, whoever wrote them.
    if ('major' in node)
      expect(entry.device, path).toBe(`${node.major.toString(16)}:${(node.minor % 256).toString(16)}`)
  }
}

describe('Linux reads an image by us', () => {
  test.each(['ro', 'ro,iocharset=utf8'])(
    'with Rock Ridge, mounted %s: every file as it was written',
    async (options) => {
      const listed = listing(`/dev/vda ${options}`)
      await expectWhole(listed, tree)
      const names = [...listed.keys()].filter((path) => !path.startsWith('n'.repeat(200)))
      const whole = [...tree].map(({ path }) => path).filter((path) => !isCut(path))
      expect(names.sort()).toEqual(['', 'boot/isolinux/boot.cat', ...whole].sort())
      expect(listed.get('hard-1')?.links).toBe(3)
    },
  )

  test('with Joliet: names in Unicode, directories and files', async () => {
    const listed = listing('/dev/vda ro,norock')
    const { tree: joliet } = await readIso(fileSource(at('edge.iso')), { hierarchy: 'joliet' })
    // The kernel's default character set has no name for what is not in it, and with Joliet it takes names that differ in case for one.
    const folded = [...joliet].map(({ path }) => path.toLowerCase())
    const plain = [...joliet].filter(
      ({ path }) =>
        encodeName(path).length === path.length &&
        folded.filter((other) => other === path.toLowerCase()).length === 1,
    )
    expect(plain.length).toBeGreaterThan(300)
    for (const { path, node } of plain) {
      // isofs leaves out full stops at the end of Joliet's names, as Windows does.
      const entry = listed.get(path.replace(/\.+$/, ''))
      expect(entry && Math.floor(entry.mode / 0o10000), path).toBe(TYPE[node.type])
      if (node.type === 'file' && entry)
        expect([entry.size, entry.sha256], path).toEqual([node.content.size, await digestOf(node)])
    }
  })

  test('without either: names in lower case, no version, all contents', async () => {
    const listed = listing('/dev/vda ro,norock,nojoliet')
    const { tree: plain } = await readIso(fileSource(at('edge.iso')), { hierarchy: 'plain' })
    for (const { path, node } of plain) {
      const entry = listed.get(path.toLowerCase())
      if (node.type !== 'file') continue
      expect([entry?.size, entry?.sha256], path).toEqual([node.content.size, await digestOf(node)])
    }
  })

  test('a file of 4400 MiB to its last bytes, what is behind it, 2500 directories', () => {
    const text = result.toString('latin1')
    expect(text).toContain('##MOUNT /dev/vdc OK')
    expect(text).toMatch(/^##HUGE 4613734400\nLAST\nbehind\n##COUNT 2501$/m)
  })
})

describe('Linux and we read the same', () => {
  test.each([
    ['directories that genisoimage moved', '/dev/vdb ro', 'moved.iso'],
    ['files that xorriso compressed', '/dev/vdd ro', 'zisofs.iso'],
  ])('of %s', async (_, mount, name) => {
    const listed = listing(mount)
    const { tree: read } = await readIso(fileSource(at(name)))
    expect(read.get('d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/deep')?.type).toBe('file')
    await expectWhole(listed, read)
    expect([...listed.keys()].filter((path) => path !== '').sort()).toEqual(
      [...read].map(({ path }) => path).sort(),
    )
  })
})
