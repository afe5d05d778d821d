// Parts of a volume, in this order:
//
//   reserved sectors   boot sector; with FAT32 also the count of free clusters, and copies of both
//   FAT 1, FAT 2       one entry for each cluster: the next one of its chain
//   root directory     FAT12 and FAT16 only; with FAT32 the root is the first cluster chain
//   clusters           directories, then files, each in one piece, in bytewise order of their paths
//   free clusters      zeros, and what is left of the size behind the last whole cluster

import { type ByteSource, concat, fromBytes, zeros } from '@ros/bytes'
import type { Tree } from '@ros/tree'
import { checkedContent } from './checked-content.ts'
import { encodeReserved, ROOT_CLUSTER } from './fat-boot-sector.ts'
import { fatAttribute, writeEntries, writeShortEntry } from './fat-directory.ts'
import { DIRECTORY_ENTRY, type FatType, planGeometry, SECTOR } from './fat-geometry.ts'
import { checkFatOptions, type FatOptions } from './fat-options.ts'
import { clustersOf, demandOf, type FatItem, planItems } from './fat-plan.ts'
import { type Chain, fatTable } from './fat-table.ts'

/** A run of bytes and what owns it. */
export interface FatArea {
  /** `reserved sectors`, `FAT 1`, `directory /EFI`, `file /EFI/BOOT/BOOTX64.EFI`, `free space` … */
  readonly owner: string
  readonly offset: number
  readonly size: number
  readonly content: ByteSource
}

/** A volume with a place for every byte, ready to be written. */
export interface FatLayout {
  readonly type: FatType
  /** Length of the volume in bytes. */
  readonly size: number
  readonly clusterSize: number
  readonly clusterCount: number
  readonly freeClusters: number
  /** Back to back from byte 0 to the end. */
  readonly areas: readonly FatArea[]
  /** The whole volume: what `writeFat` writes, re-openable, so that it can be a part of another image. */
  readonly content: ByteSource
}

/**
 * Places a tree in a FAT12, FAT16 or FAT32 volume with long names: nothing is read but names, metadata and sizes. Same tree
 * and options, same bytes. FAT has no owners and of the mode only whether the owner may write; times are taken as UTC and kept to two
 * seconds; a hard link becomes a copy.
 *
 * Throws `DiskError`: `ROS_DISK_FIELD` for an option, `ROS_DISK_NAME`, `ROS_DISK_DATE`, `ROS_DISK_NODE` for what FAT cannot hold,
 * `ROS_DISK_LIMIT` for a file of 4 GiB, `ROS_DISK_SPACE` when the tree does not fit into `options.size`.
 *
 * Standard: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03.
 */
export function layoutFat(tree: Tree, options: FatOptions): FatLayout {
  checkFatOptions(options)
  const items = planItems(tree, options.label !== undefined)
  const geometry = planGeometry(demandOf(items), options)
  const { clusterSize, clusterCount, type } = geometry
  const placed = type === 'fat32' ? items : items.slice(1)
  const clusters = new Map<FatItem, number>()
  const chains: Chain[] = []
  let next = ROOT_CLUSTER
  for (const item of placed) {
    const count = clustersOf(item, clusterSize)
    if (count === 0) continue
    clusters.set(item, next)
    chains.push({ start: next, count })
    next += count
  }
  const used = next - ROOT_CLUSTER

  const areas: FatArea[] = []
  let offset = 0
  const place = (owner: string, size: number, content: ByteSource) => {
    if (content.size > size) throw new Error(`${owner}: ${content.size} bytes in ${size}`)
    if (size === 0) return
    const whole = content.size === size ? content : concat([content, zeros(size - content.size)])
    areas.push({ owner, offset, size, content: whole })
    offset += size
  }
  place(
    'reserved sectors',
    geometry.reservedSectors * SECTOR,
    fromBytes(encodeReserved(geometry, options, used)),
  )
  for (const owner of ['FAT 1', 'FAT 2'])
    place(owner, geometry.fatSectors * SECTOR, fatTable(geometry, chains))
  const clusterOf = (item: FatItem) => clusters.get(item) ?? 0
  const directoryContent = (item: FatItem) => fromBytes(encodeDirectory(item, clusterOf, options))
  const [root] = items
  if (root && type !== 'fat32')
    place('root directory', geometry.rootEntries * DIRECTORY_ENTRY, directoryContent(root))
  for (const item of placed) {
    const { node, path } = item
    const content = node.type === 'file' ? checkedContent(node.content, `/${path}`) : directoryContent(item)
    place(`${node.type} /${path}`, clustersOf(item, clusterSize) * clusterSize, content)
  }
  const rest = geometry.sectorCount * SECTOR - offset
  place('free space', rest, zeros(rest))
  return {
    type,
    size: offset,
    clusterSize,
    clusterCount,
    freeClusters: clusterCount - used,
    areas,
    content: concat(areas.map(({ content }) => content)),
  }
}

/**
 * The volume's bytes, in one pass. Throws `ROS_DISK_CONTENT` when a content has another length than its size or cannot be
 * read.
 */
export function writeFat(layout: FatLayout): AsyncIterable<Uint8Array> {
  return layout.content.open()
}

/** Label, `.` and `..` where they belong, then the children in bytewise order of their names. */
function encodeDirectory(
  directory: FatItem,
  clusterOf: (item: FatItem) => number,
  { label, created }: FatOptions,
): Uint8Array {
  const bytes = new Uint8Array(directory.size)
  const { parent, node, path, names } = directory
  let position = 0
  const special = (short: string, attributes: number, cluster: number, mtime: number) => {
    writeShortEntry(bytes, position, short.padEnd(11), {
      attributes,
      cluster,
      mtime,
      size: 0,
      path: `/${path}`,
    })
    position += DIRECTORY_ENTRY
  }
  if (parent) {
    special('.', fatAttribute.directory, clusterOf(directory), node.mtime)
    // The root is cluster 0 here, also where FAT32 gives it another.
    special('..', fatAttribute.directory, parent.parent ? clusterOf(parent) : 0, parent.node.mtime)
  } else if (label !== undefined) special(label, fatAttribute.volumeId, 0, created ?? node.mtime)
  for (const child of directory.children) {
    const name = names.get(child.path.slice(path === '' ? 0 : path.length + 1))
    if (!name) throw new Error(`${child.path} has no short name`)
    position = writeEntries(bytes, position, name, {
      attributes: attributesOf(child),
      cluster: clusterOf(child),
      size: child.node.type === 'file' ? child.size : 0,
      mtime: child.node.mtime,
      path: `/${child.path}`,
    })
  }
  if (position !== bytes.length) throw new Error(`/${path}: ended at ${position} of ${bytes.length}`)
  return bytes
}

function attributesOf({ node }: FatItem): number {
  if (node.type === 'directory') return fatAttribute.directory
  const writable = Math.floor(node.mode / 0o200) % 2 === 1
  return fatAttribute.archive + (writable ? 0 : fatAttribute.readOnly)
}
