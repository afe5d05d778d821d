import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileSource } from '@ros/bytes/node'
import { directory, file, symlink, type Tree } from '@ros/tree'
import { CliError } from '../error.ts'

/** Adds a file or folder of this host under a name, with modes and times; links stay links, owners are left out. */
export async function addHostFiles(tree: Tree, host: string, name: string): Promise<string[]> {
  const skipped: string[] = []
  const add = async (from: string, to: string) => {
    const stat = await lstat(from).catch((cause: unknown) => {
      throw new CliError('ROS_CLI_FILE', 'cannot read', { subject: from, cause })
    })
    const given = { mode: stat.mode % 0o1000, mtime: Math.floor(stat.mtimeMs / 1000) }
    if (stat.isSymbolicLink()) tree.add(to, symlink(await readlink(from), { mtime: given.mtime }))
    else if (stat.isFile()) tree.add(to, file(fileSource(from), given))
    else if (stat.isDirectory()) {
      tree.add(to, directory(given))
      for (const entry of (await readdir(from)).sort()) await add(join(from, entry), `${to}/${entry}`)
    } else skipped.push(from)
  }
  await add(host, name)
  return skipped
}
