import { type ByteSource, concat, decodeName, slice } from '@ros/bytes'
import { directory, file, type Metadata, type TreeNode } from '@ros/tree'
import type { Extent } from './directory-record.ts'
import { IsoError } from './error.ts'
import { decodeUcs2 } from './fields.ts'
import type { ImageBytes } from './image-bytes.ts'
import type { ReadRecord } from './read-directory.ts'
import type { RockRidge } from './read-system-use.ts'
import { fileType } from './rock-ridge.ts'
import { SECTOR } from './sector.ts'
import { zisofsSource } from './zisofs.ts'

const typeOf = new Map(Object.entries(fileType).map(([type, bits]) => [bits, type as TreeNode['type']]))
const TYPE_BITS = 0o10000

/** Name of a record: Rock Ridge's, else the identifier without version. Throws `ROS_ISO_NAME` for what is no name. */
export function nameOf(record: ReadRecord, rock: RockRidge, joliet: boolean, subject: string): string {
  const name = rock.name ?? identifierName(record, joliet)
  // Half of a surrogate pair is no character: in a tree it would stand for nothing, or for a byte that is not UTF-8.
  const broken = joliet && !name.isWellFormed()
  if (broken || name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw new IsoError('ROS_ISO_NAME', 'not a file name', { subject, got: JSON.stringify(name) })
  }
  return name
}

function identifierName({ identifier, directory: isDirectory }: ReadRecord, joliet: boolean): string {
  const text = joliet ? decodeUcs2(identifier) : decodeName(identifier)
  if (isDirectory) return text
  const unversioned = text.replace(/;\d*$/, '')
  return joliet ? unversioned : unversioned.replace(/(?<=.)\.$/, '')
}

/** A record as a node of the tree; a file's content is a slice of the image. Throws `ROS_ISO_FORMAT`, `ROS_ISO_EXTENT`. */
export function nodeOf(image: ImageBytes, subject: string, record: ReadRecord, rock: RockRidge): TreeNode {
  const isDirectory = record.directory || rock.childLba !== undefined
  const metadata = metadataOf(record, rock, isDirectory ? 0o555 : 0o444)
  if (isDirectory) return directory(metadata)
  const bits = rock.mode === undefined ? fileType.file : rock.mode - (rock.mode % TYPE_BITS)
  const type = typeOf.get(bits)
  switch (type) {
    case 'file':
      return file(contentOf(image, subject, record.extents, rock), metadata)
    case 'symlink':
      return { type, target: rock.target ?? '', ...metadata }
    case 'block':
    case 'character':
      return { type, ...(rock.device ?? { major: 0, minor: 0 }), ...metadata }
    case 'fifo':
    case 'socket':
      return { type, ...metadata }
    case 'directory':
    case undefined:
      throw new IsoError('ROS_ISO_FORMAT', 'mode and directory record do not agree', {
        subject,
        got: `mode 0o${bits.toString(8)}`,
      })
  }
}

export function metadataOf(record: ReadRecord, rock: RockRidge, mode: number): Metadata {
  return {
    mode: rock.mode === undefined ? mode : rock.mode % TYPE_BITS,
    uid: rock.uid ?? 0,
    gid: rock.gid ?? 0,
    mtime: rock.mtime ?? record.recorded ?? 0,
  }
}

/**
 * What two records of one file have in common, or undefined when the record has no other: only with Rock Ridge's link
 * count, by its serial number where there is one, by the extent otherwise.
 */
export function linkKey(record: ReadRecord, rock: RockRidge, node: TreeNode): string | undefined {
  if (node.type === 'directory' || (rock.links ?? 1) < 2) return undefined
  const extent = record.extents[0]
  if (rock.serial === undefined && (node.type !== 'file' || !extent || extent.size === 0)) return undefined
  const place = node.type === 'file' && node.content.size > 0 ? extent?.lba : undefined
  const target = node.type === 'symlink' ? node.target : undefined
  return JSON.stringify([rock.serial, place, target, node.type, metadataOf(record, rock, 0), rock.device])
}

function contentOf(
  image: ImageBytes,
  subject: string,
  extents: readonly Extent[],
  { zisofs }: RockRidge,
): ByteSource {
  const stored = storedContent(image, subject, extents)
  return zisofs && stored.size > 0 ? zisofsSource(stored, zisofs, `/${subject}`) : stored
}

function storedContent(image: ImageBytes, subject: string, extents: readonly Extent[]): ByteSource {
  const runs: Extent[] = []
  for (const given of extents) {
    const extent = image.within(subject, given)
    if (extent.size === 0) continue
    const last = runs.at(-1)
    // Sections back to back are one run: it keeps the source's fast path.
    if (last && last.lba * SECTOR + last.size === extent.lba * SECTOR)
      runs[runs.length - 1] = { lba: last.lba, size: last.size + extent.size }
    else runs.push(extent)
  }
  const parts = runs.map(({ lba, size }) => slice(image.source, lba * SECTOR, size))
  return parts.length === 1 && parts[0] ? parts[0] : concat(parts)
}
