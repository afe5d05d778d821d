import { both32, encodeName } from '@ros/bytes'
import type { TreeNode } from '@ros/tree'
import { IsoError } from './error.ts'
import { recordDate } from './fields.ts'
import type { Item } from './item.ts'
import { suspEntry } from './susp.ts'

/** File types as st_mode has them (RRIP 1.12 §4.1.1). */
export const fileType: Readonly<Record<TreeNode['type'], number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
}

/** Flags of NM and of SL components (RRIP §4.1.4, §4.1.3.1). */
export const nameFlag = { continues: 1, current: 2, parent: 4, root: 8 } as const

// What one NM or one SL component record can hold: an entry has 255 bytes, 5 are its header, 2 a component's.
const NM_CONTENT = 250
const SL_CONTENT = 250

/** Longest file name, as Linux and POSIX systems have it (NAME_MAX). */
export const NAME_MAX = 255
/** Longest target of a symbolic link: PATH_MAX without its NUL. */
export const TARGET_MAX = 4095

/** Attributes of a node: PX and TF, and PN for devices. */
export function attributeEntries(item: Item): Uint8Array[] {
  const { node } = item
  const entries = [posixAttributes(item), timeStamps(node.mtime, item.path)]
  if (node.type === 'block' || node.type === 'character')
    entries.push(deviceNumber(node.major, node.minor, item.path))
  return entries
}

/** Everything that a record of its own carries: attributes, the name, the target of a symbolic link. */
export function nodeEntries(item: Item): Uint8Array[] {
  const link = item.node.type === 'symlink' ? symbolicLink(item.path, encodeName(item.node.target)) : []
  return [...attributeEntries(item), ...alternateName(item), ...link]
}

/** PX: mode, links, owner, group, serial number (RRIP §4.1.1). */
function posixAttributes({ node, links, serial, path }: Item): Uint8Array {
  const values = [fileType[node.type] + node.mode, links, node.uid, node.gid, serial]
  return suspEntry('PX', numbers(values, `PX of ${path}`))
}

/** TF: the time of modification (RRIP §4.1.6, flag bit 1), the only one that a tree has. */
function timeStamps(mtime: number, path: string): Uint8Array {
  const date = new Uint8Array(recordDate.size)
  recordDate.write(date, 0, mtime, path)
  return suspEntry('TF', [2], date)
}

/**
 * PN: the device number as one 64-bit dev_t in two halves (RRIP §4.1.2), coded as glibc's makedev does. Linux shows it
 * right for major numbers to 4095 and minor numbers to 255; bsdtar and xorriso for all.
 */
function deviceNumber(major: number, minor: number, path: string): Uint8Array {
  const high = Math.floor(major / 0x1000) * 0x1000
  const low = Math.floor(minor / 0x100)
  // bits 0–7 minor, 8–19 major, 20–43 the rest of minor, 44–63 the rest of major
  const value = (minor % 0x100) + (major % 0x1000) * 0x100 + (low % 0x1000) * 0x100000
  return suspEntry('PN', numbers([high + Math.floor(low / 0x1000), value], `PN of ${path}`))
}

/** NM: the name, in as many entries as it takes (RRIP §4.1.4). */
function alternateName({ name, path }: Item): Uint8Array[] {
  const bytes = encodeName(name)
  checkLength(path, 'file name', bytes, NAME_MAX)
  const entries: Uint8Array[] = []
  for (let start = 0; start < bytes.length; start += NM_CONTENT) {
    const part = bytes.subarray(start, start + NM_CONTENT)
    const continues = start + NM_CONTENT < bytes.length
    entries.push(suspEntry('NM', [continues ? nameFlag.continues : 0], part))
  }
  return entries
}

/** SL: the target, component by component, packed into entries in order (RRIP §4.1.3). */
function symbolicLink(path: string, target: Uint8Array): Uint8Array[] {
  checkLength(path, 'target of the symbolic link', target, TARGET_MAX)
  const areas: Uint8Array[][] = [[]]
  let used = 0
  for (const component of components(target)) {
    if (used + component.length > SL_CONTENT) {
      areas.push([])
      used = 0
    }
    areas.at(-1)?.push(component)
    used += component.length
  }
  return areas.map((parts, index) =>
    suspEntry('SL', [index < areas.length - 1 ? nameFlag.continues : 0], ...parts),
  )
}

/**
 * Component records of a target. An empty component, of a doubled or a trailing slash, is a record of length 0 without
 * flags, which reads back as it was.
 */
function* components(target: Uint8Array): Generator<Uint8Array> {
  const text = decodeLatin1(target)
  const absolute = text.startsWith('/')
  if (absolute) yield Uint8Array.of(nameFlag.root, 0)
  const rest = absolute ? text.slice(1) : text
  if (absolute && rest === '') return
  for (const part of rest.split('/')) {
    if (part === '.') yield Uint8Array.of(nameFlag.current, 0)
    else if (part === '..') yield Uint8Array.of(nameFlag.parent, 0)
    else yield* plainComponent(encodeLatin1(part))
  }
}

function* plainComponent(bytes: Uint8Array): Generator<Uint8Array> {
  const max = SL_CONTENT - 2
  let start = 0
  do {
    const part = bytes.subarray(start, start + max)
    start += max
    yield Uint8Array.of(start < bytes.length ? nameFlag.continues : 0, part.length, ...part)
  } while (start < bytes.length)
}

function checkLength(subject: string, what: string, bytes: Uint8Array, limit: number): void {
  if (bytes.length <= limit) return
  throw new IsoError('ROS_ISO_NAME', `${what} is too long`, {
    subject,
    got: `${bytes.length} bytes`,
    limit: `${limit} bytes`,
  })
}

function numbers(values: readonly number[], label: string): Uint8Array {
  const bytes = new Uint8Array(8 * values.length)
  values.forEach((value, index) => {
    both32.write(bytes, 8 * index, value, label)
  })
  return bytes
}

const decodeLatin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
const encodeLatin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
