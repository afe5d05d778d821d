// node build-steps.js TREE IMAGES VMLINUZ OUT COMPRESSION: initrd, images.tar and ISO from a folder and a docker-save archive.
import { join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readDockerSave, writeDockerSave } from '@ros/images-tar'
import { writeSegment } from '@ros/initrd'
import { layoutIso, writeIso } from '@ros/iso'
import { directoryTree } from '@ros/kernel-fetch'
import { file, Tree } from '@ros/tree'

const [folder = '', images = '', vmlinuz = '', out = '', compression = ''] = process.argv.slice(2)
await replaceFile(join(out, 'images.tar'), writeDockerSave(await readDockerSave(fileSource(images))))
const segment = {
  name: 'all',
  tree: directoryTree(folder),
  compression: compression as 'lzma' | 'zstd',
  level: 6,
}
await replaceFile(join(out, 'initrd'), writeSegment(segment))
const tree = new Tree().addDirectories('boot')
tree.add('boot/vmlinuz', file(fileSource(vmlinuz))).add('boot/initrd', file(fileSource(join(out, 'initrd'))))
await replaceFile(join(out, 'rancheros.iso'), writeIso(layoutIso(tree, { volumeId: 'BENCH', created: 0 })))
