import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { compareNames, decodeName } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { directory, file, symlink, Tree, type TreeNode } from '@ros/tree'
import { CliError } from '../error.ts'

/** `PATH=FILE`: where something goes, and what of the host it is. */
export interface Addition {
  /** Path inside, without a slash before it. */
  readonly path: string
  readonly from: string
}

/** Reads the values of an option. Throws `ROS_CLI_USAGE`. */
export function additionsOf(option: string, values: readonly string[]): Addition[] {
  return values.map((value) => {
    const at = value.indexOf('=')
    const path = value.slice(0, at).replace(/^\/+/, '').replace(/\/+$/, '')
    const parts = path.split('/')
    if (
      at > 0 &&
      at < value.length - 1 &&
      parts.every((part) => part !== '' && part !== '.' && part !== '..')
    )
      return { path, from: value.slice(at + 1) }
    throw new CliError('ROS_CLI_USAGE', 'not PATH=FILE', {
      subject: option,
      got: JSON.stringify(value),
      hint: `for example ${option} /etc/motd=motd.txt; a path has no . and .. in it`,
    })
  })
}

/**
 * A file or directory of the host as nodes: below '' for itself. They belong to root and have the time that is given; of the mode only
 * whether it may be executed counts, so that no umask is in the result. Throws `ROS_CLI_FILE`.
 */
export function hostTree({ path, from }: Addition, mtime: number): Tree {
  const tree = new Tree()
  const add = (at: string, host: string, follow: boolean) => {
    tree.replace(at, nodeOf(host, follow, mtime))
    if (tree.get(at)?.type !== 'directory') return
    const names = readdirSync(host, { encoding: 'buffer' }).map((name) => decodeName(name))
    for (const name of names.sort(compareNames)) add(`${at}/${name}`, join(host, name), false)
  }
  tree.addDirectories(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '', { mtime })
  try {
    add(path, from, true)
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    throw new CliError('ROS_CLI_FILE', 'cannot read what is to be added', { subject: from, cause })
  }
  return tree
}

function nodeOf(host: string, follow: boolean, mtime: number): TreeNode {
  const stat = follow ? statSync(host) : lstatSync(host)
  const mode = Math.floor(stat.mode / 0o100) % 2 === 1 ? 0o755 : 0o644
  if (stat.isDirectory()) return directory({ mtime })
  if (stat.isFile()) return file(fileSource(host, { offset: 0, length: stat.size }), { mode, mtime })
  if (stat.isSymbolicLink()) return symlink(decodeName(readlinkSync(host, { encoding: 'buffer' })), { mtime })
  throw new CliError('ROS_CLI_FILE', 'only files, directories and symbolic links are added', {
    subject: host,
  })
}
