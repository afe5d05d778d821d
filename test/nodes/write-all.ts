// Writes one of each from the files of a folder and prints their digests as JSON: node write-all.mjs FOLDER OUTPUT ORDER
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type ByteSource, fromBytes } from '@ros/bytes'
import { fileSource, replaceFile, sha256 } from '@ros/bytes/node'
import { layoutFat, writeFat } from '@ros/disk'
import { composeImage, treeLayer, writeDockerSave } from '@ros/images-tar'
import { type Segment, type SegmentCompression, writeSegment, writeSegments } from '@ros/initrd'
import { layoutIso, writeIso } from '@ros/iso'
import { directory, file, symlink, Tree } from '@ros/tree'

const [, , folder = '', output = '', order = 'forwards'] = process.argv
const TIME = 1_700_000_000

/** Names of a directory as some other file system might give them. */
function namesIn(path: string): string[] {
  const names = readdirSync(path)
  if (order === 'backwards') return names.reverse()
  return order === 'mixed' ? names.sort((a, b) => a.length * 7 - b.length * 7 || (a < b ? 1 : -1)) : names
}

/** Owners and modes are not taken from disk: they are those of whoever runs the test. */
function readFolder(tree: Tree, at: string): Tree {
  for (const name of namesIn(join(folder, at))) {
    const path = at === '' ? name : `${at}/${name}`
    const full = join(folder, path)
    const stat = lstatSync(full)
    const metadata = { mtime: Math.floor(stat.mtimeMs / 1000), uid: name.length, gid: 7 }
    if (stat.isDirectory()) readFolder(tree.add(path, directory(metadata)), path)
    else if (stat.isSymbolicLink()) tree.add(path, symlink(readlinkSync(full), { mtime: TIME }))
    else tree.add(path, file(fileSource(full), metadata))
  }
  return tree
}

const tree = readFolder(new Tree(), '')
const digests: Record<string, string> = {}
const write = async (name: string, chunks: AsyncIterable<Uint8Array>): Promise<ByteSource> => {
  const path = join(output, name)
  await replaceFile(path, chunks)
  digests[name] = await sha256(fileSource(path))
  return fileSource(path)
}

const kinds: readonly SegmentCompression[] = ['none', 'gzip', 'zstd', 'xz', 'lzma', 'lz4']
const segments = kinds.map((compression): Segment => ({ name: compression, tree, compression }))
for (const segment of segments) await write(`segment.${segment.name}`, writeSegment(segment))
const initrd = await write('initrd', writeSegments(segments))

// FAT cannot tell I from i.
const onEsp = tree.filter(({ path, node }) => node.type !== 'symlink' && /^[^A-Z\x7f-\uffff]*$/.test(path))
onEsp.root = directory({ mtime: TIME })
const esp = await write('esp.img', writeFat(layoutFat(onEsp, { label: 'ESP', serialNumber: 0x1234_5678 })))

const boot = new Uint8Array(3000)
boot.set([0xfb, 0xc0, 0x78, 0x70], 64)
const iso = new Tree().merge(tree).addDirectories('boot')
iso.add('boot/initrd', file(initrd, { mtime: TIME })).add('boot/loader.bin', file(fromBytes(boot)))
const layout = layoutIso(iso, {
  volumeId: 'Nodes',
  created: TIME,
  boot: {
    bios: { image: 'boot/loader.bin', catalog: 'boot/boot.cat' },
    uefi: { esp },
    hybrid: { mbr: new Uint8Array(432), diskId: 1 },
  },
})
await write('small.iso', writeIso(layout))

const base = composeImage({ repoTags: ['example/base:v1'], layers: [await treeLayer(tree)], created: TIME })
const shell = {
  repoTags: ['example/shell:v1'],
  layers: [],
  base,
  created: TIME,
  config: { Cmd: ['/bin/sh'] },
}
await write('images.tar', writeDockerSave([base, composeImage(shell)]))

process.stdout.write(
  `${JSON.stringify({ version: process.version, umask: process.umask(), uid: process.getuid?.(), digests })}\n`,
)
