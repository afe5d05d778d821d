import { type ByteSource, concat, zeros } from '@ros/bytes'
import {
  checkSegments,
  type InitrdSegment,
  readInitrd,
  type SegmentCompression,
  segmentPadding,
  writeSegment,
} from '@ros/initrd'
import { baseName, directory, parentPath, Tree, type TreeNode } from '@ros/tree'
import type { Spool } from '../look/spool.ts'
import { walk } from '../look/walk.ts'

export type AddedCompression = SegmentCompression

export interface ExtendedInitrd {
  readonly content: ByteSource
  /** Bytes of the segment that was added. */
  readonly added: number
  /** Why the initrd could not be looked into; directories above what is added are then written anew. */
  readonly unread?: string
}

/**
 * An initrd with one more segment behind it, which the kernel unpacks over what is there: `added` is by path. Directories that the
 * initrd has keep owner and mode, and links on the way are followed as the kernel follows them. Throws `ROS_INITRD_CONFLICT` where the kernel
 * would not put a file in the place of what is there.
 */
export async function extendInitrd(
  initrd: ByteSource,
  added: Tree,
  compression: AddedCompression,
  spool: Spool,
  name: string,
): Promise<ExtendedInitrd> {
  const { tree, unread, last } = await present(initrd, spool, name)
  const placed = placedIn(tree, added)
  checkSegments([
    { name: 'initrd', tree },
    { name: 'addition', tree: placed },
  ])
  const segment = await spool.store(writeSegment({ name: 'addition', tree: placed, compression }), name)
  const padding = segmentPadding(initrd.size, last)
  return {
    content: concat([initrd, zeros(padding), segment]),
    added: segment.size,
    ...(unread !== undefined && { unread }),
  }
}

async function present(
  initrd: ByteSource,
  spool: Spool,
  name: string,
): Promise<{ tree: Tree; last: SegmentCompression; unread?: string }> {
  try {
    const { tree, segments } = await readInitrd(initrd, { store: (chunks) => spool.store(chunks, name) })
    return { tree, last: paddedAs(segments.at(-1)?.compression) }
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    const readers = typeof code === 'string' && /^ROS_(INITRD|COMPRESS)_/.test(code)
    if (!readers) throw error
    // More zeros than are needed do no harm: as behind the one that needs the most.
    return { tree: new Tree(), last: 'lz4', unread: (error as Error).message }
  }
}

/** A compression that we do not write has an end of its own, as gzip has. */
function paddedAs(last: InitrdSegment['compression'] | undefined): SegmentCompression {
  return last === undefined ? 'none' : last === 'bzip2' ? 'gzip' : last
}

/** What is added, at the places that its paths mean in the initrd, with the directories above as they are there. */
function placedIn(present: Tree, added: Tree): Tree {
  const placed = new Tree()
  const folders = (path: string) => {
    if (path === '' || placed.has(path)) return
    folders(parentPath(path))
    const node = present.get(path)
    placed.add(path, node?.type === 'directory' ? node : (added.get(path) ?? directory()))
  }
  for (const { path, node } of added) {
    const at = realPath(present, path, node)
    folders(parentPath(at))
    const there = present.get(at)
    placed.replace(at, node.type === 'directory' && there?.type === 'directory' ? there : node)
  }
  return placed
}

/** The path with the links on its way followed; a directory that is to be where a link to one is, is that one. */
function realPath(present: Tree, path: string, node: TreeNode): string {
  const whole = node.type === 'directory' ? walk(present, path) : undefined
  if (whole?.node.type === 'directory') return whole.path
  for (let above = parentPath(path), below = baseName(path); ; above = parentPath(above)) {
    const found = above === '' ? { path: '' } : walk(present, above)
    if (found) return found.path === '' ? below : `${found.path}/${below}`
    below = `${baseName(above)}/${below}`
  }
}
