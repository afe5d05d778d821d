import { randomBytes } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { chmod, link, lutimes, mkdir, open, rename, rm, symlink, utimes } from 'node:fs/promises'
import { sep } from 'node:path'
import { encodeName } from '@ros/bytes'
import { writeChunks } from '@ros/bytes/node'
import type { FileNode, TreeEntry, TreeNode } from '@ros/tree'
import { CliError } from '../error.ts'
import { refused, TargetFolder } from './target-folder.ts'

export interface Extracted {
  /** Paths below the target, as they were written. */
  readonly written: readonly string[]
  /** Bytes of file content. */
  readonly bytes: number
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

/**
 * Writes nodes, parents first, below `directory`, which is made. Nothing outside it is touched: a symbolic link on the
 * way is an error, one at the very place is replaced, names that could lead out are refused. Each file is there as a
 * whole or not at all. Permission bits and times are kept; owners, setuid, setgid and sticky are not, devices, fifos
 * and sockets are skipped. Throws `ROS_CLI_EXTRACT`, `ROS_BYTES_WRITE`, what reading throws, and the signal's reason.
 */
export async function extractEntries(
  entries: Iterable<TreeEntry>,
  directory: string,
  signal: AbortSignal,
): Promise<Extracted> {
  const written: string[] = []
  const skipped: { path: string; reason: string }[] = []
  const directories: TreeEntry[] = []
  const links = new Map<TreeNode, string>()
  let bytes = 0
  await attempt(directory, () => mkdir(directory, { recursive: true }))
  const target = new TargetFolder(directory)
  // The other name of a hard link is a place of its own.
  const other = new TargetFolder(directory)
  const place = (path: string) => attempt(path, () => target.place(path))
  const writeAll = async () => {
    for (const { path, node } of entries) {
      signal.throwIfAborted()
      checkName(path)
      if (node.type === 'directory') {
        await makeDirectory(await place(path), path)
        directories.push({ path, node })
      } else if (node.type === 'file') {
        const first = links.get(node)
        if (first === undefined) await writeFile(await place(path), path, node, signal)
        else await linked(await attempt(path, () => other.place(first)), await place(path), path)
        if (first === undefined) bytes += node.content.size
        links.set(node, first ?? path)
      } else if (node.type === 'symlink') {
        await replaceBy(await place(path), path, (temporary) =>
          symlink(Buffer.from(encodeName(node.target)), temporary),
        )
        await lutimes(await place(path), 0, node.mtime).catch(() => undefined)
      } else {
        skipped.push({ path, reason: `a ${node.type} is not made` })
        continue
      }
      written.push(path)
    }
    // Last, or a directory without write permission could not be filled, and filling it would change its time.
    for (const { path, node } of directories.reverse()) {
      // Through the directory itself: chmod would follow a link that stands there meanwhile.
      const at = await place(`${path}/.`)
      await attempt(path, () => chmod(at, node.mode % 0o1000))
      await attempt(path, () => utimes(at, node.mtime, node.mtime))
    }
  }
  try {
    await writeAll()
  } finally {
    await target.close()
    await other.close()
  }
  return { written, bytes, skipped }
}

async function writeFile(at: Buffer, path: string, node: FileNode, signal: AbortSignal): Promise<void> {
  await replaceBy(at, path, async (temporary) => {
    // wx: never through a link that someone put there.
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await writeChunks(handle, interruptible(node.content.open(), signal), path)
      await handle.chmod(node.mode % 0o1000)
      await handle.utimes(node.mtime, node.mtime)
    } finally {
      await handle.close()
    }
  })
}

async function* interruptible(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}

function linked(first: Buffer, at: Buffer, path: string): Promise<void> {
  return replaceBy(at, path, (temporary) => link(first, temporary))
}

/** Makes something under a name beside the place and renames it: what stood there, a link too, is replaced at once. */
async function replaceBy(
  at: Buffer,
  path: string,
  make: (temporary: Buffer) => Promise<void>,
): Promise<void> {
  const temporary = Buffer.concat([
    at.subarray(0, at.lastIndexOf(sep) + 1),
    Buffer.from(`.${randomBytes(8).toString('hex')}.part`),
  ])
  try {
    await attempt(path, () => make(temporary))
    await attempt(path, () => rename(temporary, at))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function makeDirectory(at: Buffer, path: string): Promise<void> {
  const present = lstatSync(at, { throwIfNoEntry: false })
  if (present?.isDirectory()) return
  if (present) throw refused(path, `a ${present.isSymbolicLink() ? 'symbolic link' : 'file'} is there`)
  await attempt(path, () => mkdir(at, 0o700))
}

function checkName(path: string): void {
  const parts = path.split('/')
  const hostile = (part: string) =>
    part === '' ||
    part === '.' ||
    part === '..' ||
    part.includes('\0') ||
    (sep === '\\' && /[\\:]/.test(part))
  if (parts.some(hostile)) throw refused(path, 'its name could lead out of the target')
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    // Errors of the system have names of theirs; those with a code of ours, and bugs, pass.
    if (typeof code !== 'string' || code.startsWith('ROS_') || code.startsWith('ERR_')) throw cause
    throw new CliError('ROS_CLI_EXTRACT', `not extracted: ${(cause as Error).message}`, {
      subject: path,
      cause,
    })
  }
}
