// One run of ours, as a whole process: node newc-archive.ts DIRECTORY FILE
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { writeInitrd } from '@ros/initrd'
import { directory, file, symlink, Tree } from '@ros/tree'

const [, , root = '', output = ''] = process.argv

function addDirectory(tree: Tree, at: string): Tree {
  for (const name of readdirSync(at === '' ? root : `${root}/${at}`)) {
    const path = at === '' ? name : `${at}/${name}`
    const full = `${root}/${path}`
    const stat = lstatSync(full)
    const { mode, uid, gid, mtimeMs, size } = stat
    const metadata = { mode: mode % 0o10000, uid, gid, mtime: Math.floor(mtimeMs / 1000) }
    if (stat.isDirectory()) addDirectory(tree.add(path, directory(metadata)), path)
    else if (stat.isSymbolicLink()) tree.add(path, symlink(readlinkSync(full), metadata))
    else tree.add(path, file(fileSource(full, { offset: 0, length: size }), metadata))
  }
  return tree
}

await replaceFile(output, writeInitrd(addDirectory(new Tree(), ''), { reuseBuffers: true }))
