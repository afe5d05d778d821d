import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { compareNames } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { directory, file, symlink, Tree } from '@ros/tree'

/**
 * A directory of this machine as a tree whose contents stay on disk. Owner is root, modes are 0755 or 0644: what umask and
 * user made of them says nothing of the content. Devices and sockets are left out; links are kept and not followed.
 */
export function directoryTree(root: string): Tree {
  const tree = new Tree()
  const visit = (path: string): void => {
    for (const name of readdirSync(join(root, path)).sort(compareNames)) {
      const below = path === '' ? name : `${path}/${name}`
      const status = lstatSync(join(root, below))
      const mtime = Math.floor(status.mtimeMs / 1000)
      const executable = Math.floor(status.mode / 0o100) % 2 === 1
      if (status.isDirectory()) {
        tree.add(below, directory({ mtime }))
        visit(below)
      } else if (status.isSymbolicLink()) tree.add(below, symlink(readlinkSync(join(root, below)), { mtime }))
      else if (status.isFile())
        tree.add(below, file(fileSource(join(root, below)), { mtime, mode: executable ? 0o755 : 0o644 }))
    }
  }
  visit('')
  return tree
}
