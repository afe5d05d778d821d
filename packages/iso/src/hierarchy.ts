import { MAX_RECORD, systemUseOffset } from './directory-record.ts'
import { IsoError } from './error.ts'
import { sectionCount } from './extent.ts'
import { type IsoNames, isoIdentifiers, jolietIdentifiers } from './identifier.ts'
import { type DirectoryItem, type Item, isDirectory } from './item.ts'
import { compareIdentifiers } from './record-order.ts'
import { attributeEntries, nodeEntries } from './rock-ridge.ts'
import { SECTOR, wholeSectors } from './sector.ts'
import { ContinuationArea, extensionsReference, type SystemUse, sharingProtocol } from './susp.ts'

/** All directories as one volume descriptor shows them: which names, which extensions, how many bytes each takes. */
export interface Hierarchy {
  /** In path table order (ECMA-119 §6.9.1): by level, by the parent's number, by identifier. Number 1 is the root. */
  readonly directories: readonly PlannedDirectory[]
  readonly pathTableSize: number
  readonly continuation: ContinuationArea
}

export interface PlannedDirectory {
  readonly item: DirectoryItem
  readonly identifier: Uint8Array
  /** 1 … 65535. */
  readonly number: number
  readonly parent: number
  /** `.` and `..` first, then in the standard's order (§9.3). */
  readonly records: readonly PlannedRecord[]
  /** Bytes, whole sectors. */
  readonly size: number
}

interface PlannedRecord {
  readonly identifier: Uint8Array
  readonly item: Item
  readonly systemUse: SystemUse
  /** Bytes of one record; a file of several sections has that many records in a row. */
  readonly length: number
}

export interface Naming {
  readonly kind: 'iso' | 'joliet'
  readonly rockRidge: boolean
  readonly names: IsoNames
}

// A path table numbers its directories in 16 bits (§9.4.4).
const MAX_DIRECTORIES = 0xffff

/** Names, orders and measures all directories. Throws `ROS_ISO_LIMIT` above 65535 of them, `ROS_ISO_NAME`. */
export function planHierarchy(root: DirectoryItem, naming: Naming): Hierarchy {
  const continuation = new ContinuationArea()
  const directories: PlannedDirectory[] = []
  interface Waiting {
    readonly item: DirectoryItem
    readonly identifier: Uint8Array
    readonly parent: number
    readonly above: DirectoryItem
  }
  const waiting: Waiting[] = [{ item: root, identifier: Uint8Array.of(0), parent: 1, above: root }]
  // The list grows while it is walked: breadth first, children in record order, is path table order.
  for (const { item, identifier, parent, above } of waiting) {
    const children = orderedChildren(item, naming)
    const number = directories.length + 1
    const records = planRecords(item, above, children, naming, continuation)
    directories.push({ item, identifier, number, parent, records, size: directorySize(records) })
    for (const child of children) {
      if (isDirectory(child.item))
        waiting.push({ item: child.item, identifier: child.identifier, parent: number, above: item })
    }
    if (waiting.length > MAX_DIRECTORIES) {
      throw new IsoError('ROS_ISO_LIMIT', 'too many directories', {
        subject: item.path,
        got: `${waiting.length} or more`,
        limit: `${MAX_DIRECTORIES}, ECMA-119 §9.4.4`,
      })
    }
  }
  const pathTableSize = directories.reduce((sum, { identifier }) => sum + pathRecordSize(identifier), 0)
  return { directories, pathTableSize, continuation }
}

/** Bytes of one path table record (§9.4). */
export function pathRecordSize(identifier: Uint8Array): number {
  return 8 + identifier.length + (identifier.length % 2)
}

function orderedChildren(item: DirectoryItem, naming: Naming): { item: Item; identifier: Uint8Array }[] {
  const joliet = naming.kind === 'joliet'
  const shown = naming.rockRidge ? item.children : item.children.filter(isPlain)
  const identifiers = joliet ? jolietIdentifiers(shown) : isoIdentifiers(shown, naming.names)
  const listed = Array.from(identifiers, ([child, identifier]) => ({ item: child, identifier }))
  // Relaxed names have characters that sort below the full stop.
  if (!joliet && naming.names === 'relaxed')
    return listed.sort((a, b) => compareIdentifiers(a.identifier, b.identifier, 'iso'))
  const key = ({ identifier, item: child }: (typeof listed)[number]) =>
    joliet || isDirectory(child) ? identifier : identifier.subarray(0, -';1'.length)
  return listed.sort((a, b) => compareBytes(key(a), key(b)))
}

/** What a hierarchy without Rock Ridge can show: links, devices, fifos and sockets have no form there. */
function isPlain({ node }: Item): boolean {
  return node.type === 'directory' || node.type === 'file'
}

/**
 * Order of identifiers without `;1` (ECMA-119 §9.3): by name, then by extension, each as if padded with spaces. The full
 * stop lies below all other characters in use, so comparing the bytes gives just that.
 */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function planRecords(
  item: DirectoryItem,
  above: DirectoryItem,
  children: readonly { item: Item; identifier: Uint8Array }[],
  { rockRidge }: Naming,
  continuation: ContinuationArea,
): PlannedRecord[] {
  const plan = (identifier: Uint8Array, shown: Item, entries: readonly Uint8Array[]): PlannedRecord => {
    const start = systemUseOffset(identifier.length)
    const systemUse = continuation.place(rockRidge ? entries : [], MAX_RECORD - start)
    return { identifier, item: shown, systemUse, length: start + systemUse.size }
  }
  const attributes = attributeEntries(item)
  const own = item.path === '' ? [sharingProtocol, ...attributes, extensionsReference] : attributes
  return [
    plan(Uint8Array.of(0), item, own),
    plan(Uint8Array.of(1), above, attributeEntries(above)),
    ...children.map((child) => plan(child.identifier, child.item, rockRidge ? nodeEntries(child.item) : [])),
  ]
}

function directorySize(records: readonly PlannedRecord[]): number {
  let position = 0
  for (const { item, length } of records) {
    const count = item.node.type === 'file' ? sectionCount(item.node.content.size) : 1
    for (let i = 0; i < count; i++) position = recordPosition(position, length) + length
  }
  return wholeSectors(position)
}

/** A record never crosses a sector (§6.8.1.1): where the next one of `length` bytes goes. */
export function recordPosition(position: number, length: number): number {
  return (position % SECTOR) + length > SECTOR ? wholeSectors(position) : position
}
