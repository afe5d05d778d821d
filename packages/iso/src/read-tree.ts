import { directory, Tree, TreeError, type TreeNode } from '@ros/tree'
import type { Extent } from './directory-record.ts'
import { IsoError } from './error.ts'
import type { ImageBytes } from './image-bytes.ts'
import { type ReadRecord, readDirectory } from './read-directory.ts'
import { linkKey, metadataOf, nameOf, nodeOf } from './read-node.ts'
import { findSharing, type RockRidge, readRockRidge } from './read-system-use.ts'

/** From which descriptor and extension names and metadata are taken. */
export type Hierarchy = 'rock-ridge' | 'joliet' | 'plain'

export interface ReadTree {
  readonly tree: Tree
  /** First path of the file that starts at a sector. */
  readonly paths: ReadonlyMap<number, string>
}

// PATH_MAX: a longer path could not be opened, and a chain of directories must not grow without end.
const MAX_PATH = 4096

/** Whether the root has Rock Ridge: SP in its first record, and PX behind it. */
export async function hasRockRidge(image: ImageBytes, root: Extent): Promise<boolean> {
  const { systemUse } = (await readDirectory(image, '/', root)).self
  const sharing = findSharing(systemUse)
  return !!sharing && (await readRockRidge(image, '/', systemUse.subarray(sharing.start))).mode !== undefined
}

/** Walks all directories below `root`. Throws `IsoError` only, and ends on any input. */
export async function readTree(image: ImageBytes, root: Extent, hierarchy: Hierarchy): Promise<ReadTree> {
  const tree = new Tree()
  const paths = new Map<number, string>()
  const links = new Map<string, TreeNode>()
  const visited = new Set<number>()
  let skip = 0
  const rockRidge = async (subject: string, { systemUse }: ReadRecord, start: number): Promise<RockRidge> =>
    hierarchy === 'rock-ridge' ? readRockRidge(image, subject, systemUse.subarray(start)) : {}

  const waiting = [{ path: '', extent: root }]
  const readOne = async (path: string, record: ReadRecord) => {
    const rock = await rockRidge(`/${path}`, record, skip)
    if (rock.relocated) return
    const below = join(path, nameOf(record, rock, hierarchy === 'joliet', `/${path}`))
    const node = nodeOf(image, below, record, rock)
    const first = record.extents[0]
    add(tree, below, linked(links, linkKey(record, rock, node), node))
    if (rock.childLba !== undefined)
      waiting.push({ path: below, extent: await movedExtent(image, below, rock.childLba) })
    else if (record.directory && first) waiting.push({ path: below, extent: first })
    else if (node.type === 'file' && first && node.content.size > 0 && !paths.has(first.lba))
      paths.set(first.lba, below)
  }
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { path, extent } = next
    try {
      visit(visited, path, extent)
      const { self, records } = await readDirectory(image, `/${path}`, extent)
      if (path === '') {
        const sharing = findSharing(self.systemUse)
        skip = sharing?.skip ?? 0
        tree.root = directory(metadataOf(self, await rockRidge('/', self, sharing?.start ?? 0), 0o555))
      }
      for (const record of records)
        await readOne(path, record).catch((error: unknown) => image.tolerate(error))
    } catch (error) {
      image.tolerate(error)
    }
  }
  return { tree, paths }
}

function visit(visited: Set<number>, path: string, { lba }: Extent): void {
  if (visited.has(lba)) {
    throw new IsoError('ROS_ISO_LOOP', 'directory was seen before under another path', {
      subject: `/${path}`,
      got: `sector ${lba}`,
    })
  }
  visited.add(lba)
}

function join(path: string, name: string): string {
  const below = path === '' ? name : `${path}/${name}`
  if (below.length <= MAX_PATH) return below
  throw new IsoError('ROS_ISO_LIMIT', 'path is too long', {
    subject: `/${path.slice(0, 80)}…`,
    got: `${below.length} characters`,
    limit: `${MAX_PATH}, PATH_MAX`,
  })
}

/** The node that stands for all records of one file. */
function linked(links: Map<string, TreeNode>, key: string | undefined, node: TreeNode): TreeNode {
  if (key === undefined) return node
  const present = links.get(key)
  if (!present) links.set(key, node)
  return present ?? node
}

function add(tree: Tree, path: string, node: TreeNode): void {
  try {
    tree.add(path, node)
  } catch (cause) {
    if (!(cause instanceof TreeError)) throw cause
    throw new IsoError('ROS_ISO_FORMAT', `not a file tree: ${cause.message}`, { subject: `/${path}`, cause })
  }
}

/** A directory that was moved up to keep within eight levels tells its length in its own first record (RRIP §4.1.5). */
async function movedExtent(image: ImageBytes, path: string, lba: number): Promise<Extent> {
  const start = await image.sector(`/${path}`, lba)
  const size =
    (await readDirectory(image, `/${path}`, { lba, size: start.length })).self.extents[0]?.size ?? 0
  return { lba, size }
}
