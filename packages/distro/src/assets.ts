import { readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromBytes } from '@ros/bytes'
import { file, Tree } from '@ros/tree'

/** Files that must not be readable or writable as usual: path → mode and group. Everything else is 0644 root:root. */
const GUARDED: Readonly<Record<string, { mode: number; gid?: number }>> = {
  'etc/shadow': { mode: 0o640, gid: 42 },
  'etc/sudoers.d/rancheros': { mode: 0o440 },
  'etc/ssh/sshd_config': { mode: 0o600 },
}

/** The package's own folder of recipes and files that go into images. */
const directory = fileURLToPath(new URL('../assets', import.meta.url))

export function assetPath(name: string): string {
  return join(directory, name)
}

export function assetText(name: string): Promise<string> {
  return readFile(assetPath(name), 'utf8')
}

/**
 * The files of one folder of `assets/rootfs` as a tree; empty when there is none. Modes and owners are ours, not the
 * checkout's; times are `mtime`.
 */
export function assetTree(name: string, mtime: number): Tree {
  const tree = new Tree()
  const top = join(directory, 'rootfs', name)
  if (!statSync(top, { throwIfNoEntry: false })) return tree
  const visit = (path: string) => {
    for (const child of readdirSync(join(top, path), { withFileTypes: true })) {
      const childPath = path === '' ? child.name : `${path}/${child.name}`
      if (child.isDirectory()) {
        tree.addDirectories(childPath, { mtime })
        visit(childPath)
      } else {
        const content = fromBytes(readFileSync(join(top, childPath)))
        tree.add(childPath, file(content, { mtime, ...GUARDED[childPath] }))
      }
    }
  }
  visit('')
  return tree
}
