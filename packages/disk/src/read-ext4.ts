import { type ByteSource, concat, decodeName, fromBytes, slice, u32le, zeros } from '@ros/bytes'
import { type DirectoryNode, Tree, TreeError, type TreeNode } from '@ros/tree'
import { DiskError } from './error.ts'
import { extInode, hasBit, inodeFlag } from './ext-records.ts'
import { formatError, readBytes } from './read-bytes.ts'
import { Allowance, type BlockRun, directoryEntries, extentRuns, mappedRuns } from './read-ext-blocks.ts'
import { inlineContent, inlineData } from './read-ext-inline.ts'
import { type ExtVolume, readExtSuper } from './read-ext-super.ts'

/** An ext2, ext3 or ext4 file system, read. */
export interface ExtImage {
  readonly type: 'ext2' | 'ext3' | 'ext4'
  /** Bytes. */
  readonly blockSize: number
  readonly blockCount: number
  readonly inodeCount: number
  readonly label: string
  readonly uuid: string
  /** False when it was in use, so that its journal may have what is not here. */
  readonly clean: boolean
  /** Contents are slices of the source with zeros where a file has holes. Files with several names are one node. */
  readonly tree: Tree
}

const ROOT = 2
const MAX_PATH = 4096
/** What is longer is no target (PATH_MAX). */
const MAX_TARGET = 4096
const INLINE = 60

/**
 * Reads an ext2, ext3 or ext4 volume without changing it: extents and block maps, large directories, holes, devices, links. The journal is
 * not played back; extended attributes are left out. Throws `DiskError` only: `ROS_DISK_FORMAT`, `ROS_DISK_NAME`, `ROS_DISK_LIMIT`,
 * `ROS_DISK_CONTENT`.
 */
export async function readExt4(source: ByteSource): Promise<ExtImage> {
  const volume = await readExtSuper(source)
  // Every extent has at least one block, and each directory's blocks are read once.
  const allowance = new Allowance(2 * volume.blockCount + 1024)
  const nodes = new Map<number, TreeNode>()
  const nodeOf = async (number: number, subject: string): Promise<{ node: TreeNode; inode: Inode }> => {
    const inode = await readInode(volume, number)
    const node = nodes.get(number) ?? (await makeNode(volume, inode, subject, allowance))
    nodes.set(number, node)
    return { node, inode }
  }
  const tree = new Tree()
  const root = await nodeOf(ROOT, '/')
  if (root.node.type !== 'directory') throw formatError('/', 'root is no directory')
  tree.root = root.node
  const visited = new Set([ROOT])
  const waiting = [{ path: '', inode: root.inode }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const subject = `/${next.path}`
    for (const { name, inode: number } of await entriesOf(volume, next.inode, subject, allowance)) {
      const path = join(next.path, name, subject)
      const { node, inode } = await nodeOf(number, `/${path}`)
      add(tree, path, node)
      if (node.type !== 'directory') continue
      if (visited.has(number))
        throw new DiskError('ROS_DISK_FORMAT', 'directory was seen before under another path', {
          subject: `/${path}`,
        })
      visited.add(number)
      waiting.push({ path, inode })
    }
  }
  const { type, blockSize, blockCount, inodeCount, label, uuid, clean } = volume
  return { type, blockSize, blockCount, inodeCount, label, uuid, clean, tree }
}

type Inode = ReturnType<typeof extInode.decode> & {
  readonly mtime: number
  readonly size: number
  readonly bytes: Uint8Array
}

async function readInode(volume: ExtVolume, number: number): Promise<Inode> {
  const bytes = await volume.inode(number)
  const values = extInode.decode(bytes)
  return {
    ...values,
    bytes,
    size: values.sizeLow + values.sizeHigh * 2 ** 32,
    mtime: mtimeOf(bytes, values.modified),
  }
}

/** Seconds are signed; two more bits go on from 2038 where the inode has room for them (inodes.rst, "Inode Timestamps"). */
function mtimeOf(bytes: Uint8Array, seconds: number): number {
  const signed = seconds >= 2 ** 31 ? seconds - 2 ** 32 : seconds
  const EXTRA = 0x88
  const extraSize =
    bytes.length > extInode.size + 2 ? (bytes[extInode.size] ?? 0) + (bytes[extInode.size + 1] ?? 0) * 256 : 0
  if (extInode.size + extraSize < EXTRA + 4 || bytes.length < EXTRA + 4) return signed
  return signed + (u32le.read(bytes, EXTRA, 'time') % 4) * 2 ** 32
}

async function makeNode(
  volume: ExtVolume,
  inode: Inode,
  subject: string,
  allowance: Allowance,
): Promise<TreeNode> {
  const { mode, uidLow, uidHigh, gidLow, gidHigh, mtime } = inode
  const metadata = {
    mode: mode % 0o10000,
    uid: uidLow + uidHigh * 0x1_0000,
    gid: gidLow + gidHigh * 0x1_0000,
    mtime,
  }
  const type = Math.floor(mode / 0o10000)
  switch (type) {
    case 0o4:
      return { type: 'directory', ...metadata } satisfies DirectoryNode
    case 0o10:
      return { type: 'file', content: await contentOf(volume, inode, subject, allowance), ...metadata }
    case 0o12:
      return { type: 'symlink', target: await targetOf(volume, inode, subject, allowance), ...metadata }
    case 0o2:
    case 0o6:
      return { type: type === 0o2 ? 'character' : 'block', ...deviceNumber(inode.block), ...metadata }
    case 0o1:
      return { type: 'fifo', ...metadata }
    case 0o14:
      return { type: 'socket', ...metadata }
    default:
      throw formatError(subject, 'inode of no known type', `mode 0o${mode.toString(8)}`)
  }
}

async function targetOf(
  volume: ExtVolume,
  inode: Inode,
  subject: string,
  allowance: Allowance,
): Promise<string> {
  if (inode.size > MAX_TARGET || inode.size === 0)
    throw formatError(subject, 'link target has a wrong length', `${inode.size} bytes`)
  const inInode = inode.size < INLINE && !hasBit(inode.flags, inodeFlag.extents)
  const content = inInode ? fromBytes(inode.block) : await contentOf(volume, inode, subject, allowance)
  return decodeName(await readBytes(content, 0, inode.size, subject))
}

/** One number of the old form, or in the second word one of the new (Linux, include/linux/kdev_t.h). */
function deviceNumber(block: Uint8Array): { major: number; minor: number } {
  const [old, wide] = [u32le.read(block, 0, 'device'), u32le.read(block, 4, 'device')]
  if (old !== 0) return { major: Math.floor(old / 256) % 256, minor: old % 256 }
  return { major: Math.floor(wide / 256) % 0x1000, minor: (wide % 256) + Math.floor(wide / 0x10_0000) * 256 }
}

async function contentOf(
  volume: ExtVolume,
  inode: Inode,
  subject: string,
  allowance: Allowance,
): Promise<ByteSource> {
  const { size, flags, block } = inode
  if (hasBit(flags, inodeFlag.encrypted)) throw formatError(subject, 'encrypted files are not read')
  if (hasBit(flags, inodeFlag.inlineData)) return inlineContent(inode.bytes, size, subject)
  if (!Number.isSafeInteger(size)) throw formatError(subject, 'file is too large', String(size))
  const blockCount = Math.ceil(size / volume.blockSize)
  const runs = hasBit(flags, inodeFlag.extents)
    ? await extentRuns(volume, block, subject, allowance)
    : await mappedRuns(volume, block, blockCount, subject, allowance)
  return placed(volume, runs, size, subject)
}

/** Runs with zeros between them, as long as the file. */
function placed(
  { source, blockSize }: ExtVolume,
  runs: readonly BlockRun[],
  size: number,
  subject: string,
): ByteSource {
  const parts: ByteSource[] = []
  let position = 0
  for (const { logical, physical, count } of runs) {
    const start = logical * blockSize
    if (start >= size) break
    if (start > position) parts.push(zeros(start - position))
    const length = Math.min(count * blockSize, size - start)
    if (physical * blockSize + length > source.size)
      throw formatError(subject, 'lies outside the image', `block ${physical}`)
    parts.push(slice(source, physical * blockSize, length))
    position = start + length
  }
  if (position < size) parts.push(zeros(size - position))
  const [only] = parts
  return parts.length === 1 && only ? only : concat(parts)
}

async function entriesOf(
  volume: ExtVolume,
  inode: Inode,
  subject: string,
  allowance: Allowance,
): Promise<{ name: string; inode: number }[]> {
  const entries: { name: string; inode: number }[] = []
  const take = (bytes: Uint8Array) => {
    for (const { name, inode: number } of directoryEntries(bytes, subject)) {
      const text = decodeName(name)
      if (text !== '.' && text !== '..') entries.push({ name: checkedName(text, subject), inode: number })
    }
  }
  if (hasBit(inode.flags, inodeFlag.inlineData)) {
    // Behind the number of the parent's inode, and on their own behind the inode.
    const { first, rest } = inlineData(inode.bytes, inode.size, subject)
    take(first.subarray(4))
    take(rest)
    return entries
  }
  const content = await contentOf(volume, inode, subject, allowance)
  for (let offset = 0; offset < content.size; offset += volume.blockSize) {
    allowance.take(1, subject)
    take(await readBytes(content, offset, Math.min(volume.blockSize, content.size - offset), subject))
  }
  return entries
}

function checkedName(name: string, directory: string): string {
  if (name !== '' && !/[/\0]/.test(name)) return name
  throw new DiskError('ROS_DISK_NAME', 'directory holds an entry whose name is no file name', {
    subject: directory,
    got: JSON.stringify(name),
  })
}

function join(path: string, name: string, subject: string): string {
  const below = path === '' ? name : `${path}/${name}`
  if (below.length <= MAX_PATH) return below
  throw new DiskError('ROS_DISK_LIMIT', 'path is too long', {
    subject: `${subject.slice(0, 80)}…`,
    got: `${below.length} characters`,
    limit: `${MAX_PATH}, PATH_MAX`,
  })
}

function add(tree: Tree, path: string, node: TreeNode): void {
  try {
    tree.add(path, node)
  } catch (cause) {
    if (!(cause instanceof TreeError)) throw cause
    throw new DiskError('ROS_DISK_FORMAT', `not a file tree: ${cause.message}`, {
      subject: `/${path}`,
      cause,
    })
  }
}
