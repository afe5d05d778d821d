import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { sep } from 'node:path'
import { type ByteSource, compareNames, decodeName, encodeName, zeros } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { directory, type FileNode, file, symlink, Tree } from '@ros/tree'
import { CliError } from '../error.ts'
import { hostStat } from './host-stat.ts'
import { isLayoutDirectory } from './oci-layout.ts'

/**
 * A directory of the host, an OCI layout no more than a file, as a tree; undefined for what is none. Links are not followed,
 * names of one file are hard links, and what is neither file, directory nor link is left out. Throws `ROS_CLI_FILE`, and `ROS_TREE_PATH` for a path that is too long.
 */
export function hostDirectory(path: string): Tree | undefined {
  if (!hostStat(path)?.isDirectory() || isLayoutDirectory(path)) return undefined
  const tree = new Tree()
  const known = new Map<string, FileNode>()
  const add = (at: string, host: Buffer) => {
    const names = readdirSync(host, { encoding: 'buffer' }).map((name) => decodeName(name))
    for (const name of names.sort(compareNames)) {
      const below = at === '' ? name : `${at}/${name}`
      const from = Buffer.concat([host, Buffer.from(sep), encodeName(name)])
      const stat = lstatSync(from)
      if (stat.isDirectory()) {
        tree.add(below, directory())
        add(below, from)
      } else if (stat.isFile()) {
        const key = `${stat.dev}:${stat.ino}`
        const node = known.get(key) ?? file(contentOf(from, stat.size))
        known.set(key, node)
        tree.add(below, node)
      } else if (stat.isSymbolicLink())
        tree.add(below, symlink(decodeName(readlinkSync(from, { encoding: 'buffer' }))))
    }
  }
  try {
    add('', Buffer.from(path))
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    const got = cause.message
    throw new CliError('ROS_CLI_FILE', 'cannot read the directory', { subject: path, got, cause })
  }
  return tree
}

function contentOf(path: Buffer, size: number): ByteSource {
  const text = path.toString()
  // A file whose name is no text takes its space, but is not looked into.
  return Buffer.from(text).equals(path) ? fileSource(text, { offset: 0, length: size }) : zeros(size)
}
