import { constants, existsSync, lstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { sep } from 'node:path'
import { encodeName } from '@ros/bytes'
import { baseName, parentPath } from '@ros/tree'
import { CliError } from '../error.ts'

/** Open directories are files here on Linux, and a path through one stays in it whatever happens to its name. */
const DESCRIPTORS = '/proc/self/fd'

interface OpenDirectory {
  readonly path: string
  readonly handle: FileHandle
}

/**
 * A folder that is written into, and nothing outside it. Each directory on the way to a place is opened as itself, never through a
 * symbolic link, and what is done there goes through that open directory: someone who puts a link in its place meanwhile does not lead us away.
 * Where the system has no such paths, every directory is looked at before it is used.
 */
export class TargetFolder {
  readonly #root: string
  /** The open directories of the place that was asked for last, the folder itself first. */
  #chain: OpenDirectory[] = []

  constructor(root: string) {
    this.#root = root
  }

  /** Where a path is. Throws `ROS_CLI_EXTRACT` when a directory on the way is missing, or is none. Good until the next call. */
  async place(path: string): Promise<Buffer> {
    if (!existsSync(DESCRIPTORS)) {
      for (let parent = parentPath(path); parent !== ''; parent = parentPath(parent))
        this.#checkDirectory(parent, path)
      return Buffer.concat([Buffer.from(`${this.#root}${sep}`), encodeName(path)])
    }
    const handle = await this.#directory(parentPath(path), path)
    return Buffer.concat([Buffer.from(`${DESCRIPTORS}/${handle.fd}/`), encodeName(baseName(path))])
  }

  async close(): Promise<void> {
    const open = this.#chain
    this.#chain = []
    for (const { handle } of open) await handle.close()
  }

  async #directory(path: string, wanted: string): Promise<FileHandle> {
    while (this.#chain.length > 1) {
      const last = this.#chain.at(-1)
      if (!last || last.path === path || path.startsWith(`${last.path}/`)) break
      this.#chain.pop()
      await last.handle.close()
    }
    if (this.#chain.length === 0) {
      const flags = constants.O_RDONLY + constants.O_DIRECTORY
      this.#chain.push({ path: '', handle: await open(this.#root, flags) })
    }
    const last = this.#chain.at(-1) as OpenDirectory
    let { handle } = last
    let at = last.path
    const rest = at === '' ? path : path.slice(at.length + 1)
    for (const name of rest.split('/').filter(Boolean)) {
      at = at === '' ? name : `${at}/${name}`
      handle = await this.#openBelow(handle, name, at, wanted)
      this.#chain.push({ path: at, handle })
    }
    return handle
  }

  async #openBelow(above: FileHandle, name: string, path: string, wanted: string): Promise<FileHandle> {
    const at = Buffer.concat([Buffer.from(`${DESCRIPTORS}/${above.fd}/`), encodeName(name)])
    try {
      return await open(at, constants.O_RDONLY + constants.O_DIRECTORY + constants.O_NOFOLLOW)
    } catch (cause) {
      const present = lstatSync(at, { throwIfNoEntry: false })
      if (present?.isDirectory()) throw cause
      throw inTheWay(present, path, wanted)
    }
  }

  #checkDirectory(path: string, wanted: string): void {
    const at = Buffer.concat([Buffer.from(`${this.#root}${sep}`), encodeName(path)])
    const present = lstatSync(at, { throwIfNoEntry: false })
    if (!present?.isDirectory()) throw inTheWay(present, path, wanted)
  }
}

function inTheWay(present: ReturnType<typeof lstatSync> | undefined, path: string, wanted: string): CliError {
  const what = present?.isSymbolicLink() ? 'a symbolic link' : present ? 'a file' : 'nothing'
  return refused(wanted, `${what} is where its directory ${path} should be`)
}

export function refused(path: string, reason: string): CliError {
  return new CliError('ROS_CLI_EXTRACT', `not extracted: ${reason}`, {
    subject: path,
    hint: 'extract into an empty folder',
  })
}
