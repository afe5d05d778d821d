import { type ByteSource, RosError, readAll, slice } from '@ros/bytes'
import { directory, type Metadata, normalizePath, parentPath, Tree, type TreeNode } from '@ros/tree'
import { DebianError } from './error.ts'
import { applyPax, parsePax } from './pax.ts'
import { BLOCK, cString, parseHeader, type TarEntry } from './tar-header.ts'

/** Longest name or set of pax records, which are read into memory. */
const EXTENSION_LIMIT = 1_048_576
const WINDOW = 65_536

/** What a reader of tar archives bears with. */
export interface ReadTarOptions {
  /** A path that comes twice: an error, or the later one counts, as tar unpacks it. Default 'refuse'. */
  readonly twice?: 'refuse' | 'last'
}

/**
 * The tree that an uncompressed tar archive holds: ustar, GNU and pax. Files are slices of `source`, hard links share
 * their node, directories that the archive leaves out are made (0o755, root). `subject` names the archive in errors.
 *
 * Throws `ROS_DEBIAN_TAR` for an archive that is cut or damaged, for names that leave the tree (absolute, `..`, through
 * a link), for a path that comes twice, and for sparse files and other types that a tree cannot hold.
 */
export async function readTar(
  source: ByteSource,
  subject: string,
  options: ReadTarOptions = {},
): Promise<Tree> {
  const tree = new Tree()
  for await (const { entry, offset } of tarEntries(source, subject)) {
    try {
      addEntry(tree, entry, slice(source, offset, hasContent(entry) ? entry.size : 0), options)
    } catch (cause) {
      if (!(cause instanceof RosError)) throw cause
      throw tarError(subject, `entry ${JSON.stringify(entry.path)} is refused`, cause.message, cause)
    }
  }
  return tree
}

interface PlacedEntry {
  readonly entry: TarEntry
  /** Where its content begins in the archive. */
  readonly offset: number
}

async function* tarEntries(source: ByteSource, subject: string): AsyncIterable<PlacedEntry> {
  const blockAt = blockReader(source, subject)
  const globals = new Map<string, Uint8Array>()
  let extensions = new Map<string, Uint8Array>()
  let longPath: string | undefined
  let longLink: string | undefined
  for (let offset = 0; ; ) {
    const entry = parseHeader(await blockAt(offset), `${subject}, offset ${offset}`)
    if (entry === undefined) return
    offset += BLOCK
    const extension = 'xgLK'.includes(entry.type)
      ? await readExtension(source, offset, entry, subject)
      : undefined
    if (extension === undefined) {
      applyPax(entry, new Map([...globals, ...extensions]), subject)
      entry.path = longPath ?? entry.path
      entry.linkPath = longLink ?? entry.linkPath
      checkContent(source, offset, entry, subject)
      yield { entry, offset }
      extensions = new Map()
      longPath = undefined
      longLink = undefined
    } else if (entry.type === 'L') longPath = cString(extension)
    else if (entry.type === 'K') longLink = cString(extension)
    else if (entry.type === 'x') extensions = parsePax(extension, subject)
    else for (const [keyword, value] of parsePax(extension, subject)) globals.set(keyword, value)
    if (extension !== undefined || hasContent(entry)) offset += Math.ceil(entry.size / BLOCK) * BLOCK
  }
}

/** Blocks by their offset. Small files' headers lie close together: a window saves most reads. */
function blockReader(source: ByteSource, subject: string): (offset: number) => Promise<Uint8Array> {
  let start = 0
  let bytes = new Uint8Array()
  return async (offset) => {
    if (offset + BLOCK > source.size) throw tarError(subject, 'archive is cut', `${source.size} bytes`)
    if (offset < start || offset + BLOCK > start + bytes.length) {
      const length = Math.min(WINDOW, source.size - offset)
      start = offset
      if (source.readInto) source.readInto((bytes = new Uint8Array(length)), offset)
      else bytes = new Uint8Array(await readAll(slice(source, offset, length), length))
    }
    return bytes.subarray(offset - start, offset - start + BLOCK)
  }
}

async function readExtension(source: ByteSource, offset: number, entry: TarEntry, subject: string) {
  if (entry.size > EXTENSION_LIMIT)
    throw tarError(subject, 'extended header is too long', `${entry.size} bytes`)
  if (offset + entry.size > source.size) throw tarError(subject, 'archive is cut', `${source.size} bytes`)
  return readAll(slice(source, offset, entry.size), EXTENSION_LIMIT)
}

function checkContent(source: ByteSource, offset: number, entry: TarEntry, subject: string): void {
  const size = hasContent(entry) ? entry.size : 0
  if (!Number.isSafeInteger(size) || offset + size > source.size) {
    throw tarError(subject, 'archive is cut', `${source.size} bytes, ${entry.path} ends at ${offset + size}`)
  }
}

/** Only files have content; some archivers give directories a size without bytes. */
function hasContent({ type, path }: TarEntry): boolean {
  return (type === '0' || type === '7') && !path.endsWith('/')
}

function addEntry(tree: Tree, entry: TarEntry, content: ByteSource, { twice }: ReadTarOptions): void {
  const { mode, uid, gid, mtime, xattrs } = entry
  const metadata: Metadata = { mode, uid, gid, mtime, ...(xattrs && { xattrs }) }
  const path = normalizePath(entry.path)
  const node = toNode(tree, entry, metadata, content)
  if (path === '') {
    if (node.type !== 'directory') throw tarError(entry.path, 'root is no directory', node.type)
    tree.root = node
    return
  }
  const parent = parentPath(path)
  if (!tree.has(parent)) tree.addDirectories(parent, { mtime })
  if (twice === 'last') tree.replace(path, node)
  else tree.add(path, node)
}

function toNode(tree: Tree, entry: TarEntry, metadata: Metadata, content: ByteSource): TreeNode {
  const { type, path, linkPath, major, minor } = entry
  switch (type) {
    case '0':
    case '7':
      return path.endsWith('/') ? directory(metadata) : { type: 'file', content, ...metadata }
    case '1': {
      const target = tree.get(linkPath)
      if (target === undefined || target.type === 'directory') {
        throw tarError(path, 'hard link to no file', JSON.stringify(linkPath))
      }
      return target
    }
    case '2':
      return { type: 'symlink', target: linkPath, ...metadata }
    case '3':
      return { type: 'character', major, minor, ...metadata }
    case '4':
      return { type: 'block', major, minor, ...metadata }
    case '5':
      return directory(metadata)
    case '6':
      return { type: 'fifo', ...metadata }
    default:
      throw tarError(path, 'entry type that a tree cannot hold', JSON.stringify(type))
  }
}

function tarError(subject: string, problem: string, got: string, cause?: unknown): DebianError {
  return new DebianError('ROS_DEBIAN_TAR', problem, { subject, got, ...(cause !== undefined && { cause }) })
}
