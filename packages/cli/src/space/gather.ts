import { compareNames } from '@ros/bytes'
import type { SpaceNode } from './space.ts'

/** A file and the bytes that it takes. */
export interface Sized {
  /** Path in its container. */
  readonly path: string
  readonly size: number
}

/** What is shown of a container. */
export interface GatherOptions {
  /** Begins the nodes' ids. */
  readonly id: string
  /** About how many nodes there may be. */
  readonly limit: number
  /** Part of all bytes that something must have to be shown by itself. */
  readonly share: number
}

/** Of one directory this many are shown by themselves at most. */
const MAX_CHILDREN = 40

interface Folder {
  readonly path: string
  size: number
  files: number
  readonly folders: Map<string, Folder>
  readonly leaves: Sized[]
}

type Item = Folder | Sized

/** What is shown: a folder with its parts or without, a file, or what was gathered. */
interface Draft {
  readonly item: Item
  readonly name: string
  others?: number
  parts: Draft[]
}

/**
 * The tree of what takes the space, as far as it can be shown: the largest directories are opened first, until there
 * are `limit` nodes; what is small is gathered into one node for each directory. Pure: the same files give the same nodes.
 */
export function gather(files: readonly Sized[], options: GatherOptions): SpaceNode[] {
  const root = folderTree(files)
  const least = Math.max(1, root.size * options.share)
  const top: Draft = { item: root, name: '', parts: [] }
  const waiting: Draft[] = [top]
  for (let count = 0; count < options.limit; ) {
    const largest = takeLargest(waiting)
    if (!largest) break
    largest.parts = open(largest, least)
    count += largest.parts.length
    waiting.push(...largest.parts.filter(({ item, others }) => isFolder(item) && others === undefined))
  }
  let number = 0
  const finish = (draft: Draft): SpaceNode => {
    number++
    const { item, name, others } = draft
    const id = `${options.id}-${number}`
    const folder = isFolder(item)
    const kind = others !== undefined ? 'others' : folder ? 'directory' : 'file'
    const count = folder ? item.files : 1
    const children = draft.parts.map(finish)
    return { id, kind, path: item.path, name, size: item.size, files: count, children }
  }
  return top.parts.map(finish)
}

function isFolder(item: Item): item is Folder {
  return 'folders' in item
}

function folderTree(files: readonly Sized[]): Folder {
  const make = (path: string): Folder => ({ path, size: 0, files: 0, folders: new Map(), leaves: [] })
  const root = make('')
  for (const file of files) {
    let folder = root
    let start = 0
    for (;;) {
      folder.size += file.size
      folder.files++
      const end = file.path.indexOf('/', start)
      if (end < 0) break
      const name = file.path.slice(start, end)
      // A slice, which shares the path's memory: deep paths are many folders.
      const below = folder.folders.get(name) ?? make(file.path.slice(0, end))
      folder.folders.set(name, below)
      folder = below
      start = end + 1
    }
    folder.leaves.push(file)
  }
  return root
}

function takeLargest(waiting: Draft[]): Draft | undefined {
  let best = 0
  for (const [index, { item }] of waiting.entries()) {
    if (item.size > (waiting[best]?.item.size ?? 0)) best = index
  }
  return waiting.splice(best, 1)[0]
}

function open({ item }: Draft, least: number): Draft[] {
  if (!isFolder(item)) return []
  const parts = [...[...item.folders.values()].map(narrow), ...item.leaves]
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size || compareNames(a.path, b.path))
  const shown = parts.filter(({ size }, index) => size >= least && index < MAX_CHILDREN)
  const small = parts.slice(shown.length)
  // One that is alone needs no other name.
  const single = small.length === 1 ? small : []
  const drafts: Draft[] = [...shown, ...single].map((part) => ({
    item: part,
    name: item.path === '' ? part.path : part.path.slice(item.path.length + 1),
    parts: [],
  }))
  if (small.length <= 1) return drafts
  const gathered: Folder = {
    path: item.path,
    size: small.reduce((sum, { size }) => sum + size, 0),
    files: small.reduce((sum, part) => sum + (isFolder(part) ? part.files : 1), 0),
    folders: new Map(),
    leaves: [],
  }
  drafts.push({ item: gathered, name: `${small.length} others`, others: small.length, parts: [] })
  return drafts
}

/** A directory that has nothing but another one is shown as that one. */
function narrow(folder: Folder): Folder {
  const [only, ...more] = folder.folders.values()
  return only && more.length === 0 && folder.leaves.length === 0 ? narrow(only) : folder
}
