import { both32, decodeName } from '@ros/bytes'
import { IsoError } from './error.ts'
import { recordDate, volumeDate } from './fields.ts'
import type { ImageBytes } from './image-bytes.ts'
import { TargetReader } from './read-symlink.ts'
import { NAME_MAX } from './rock-ridge.ts'
import { SECTOR } from './sector.ts'
import { checkContent, joinBytes } from './susp-content.ts'
import { BLOCK_LOG2, type Zisofs } from './zisofs.ts'

/** What Rock Ridge says about a record. */
export interface RockRidge {
  readonly mode?: number
  readonly links?: number
  readonly uid?: number
  readonly gid?: number
  readonly serial?: number
  readonly mtime?: number | null
  readonly name?: string
  readonly target?: string
  readonly device?: { readonly major: number; readonly minor: number }
  /** CL: the directory really stands at this sector. */
  readonly childLba?: number
  /** ZF: the content is stored compressed. */
  readonly zisofs?: Zisofs
  /** RE: this directory was moved here, and is shown where its CL is. */
  readonly relocated?: boolean
}

interface Entry {
  readonly signature: string
  /** Behind signature, length and version. */
  readonly content: Uint8Array
}

const MAX_CONTINUATIONS = 64

/**
 * Where SP stands in the system use of the root's first record, and how many bytes it wants skipped in all others;
 * undefined without SP (SUSP §5.3).
 */
export function findSharing(area: Uint8Array): { start: number; skip: number } | undefined {
  // A CD-ROM XA record puts 14 bytes of its own before it.
  const start = [0, 14].find((at) => String.fromCharCode(...area.subarray(at, at + 2)) === 'SP')
  if (start === undefined || area[start + 4] !== 0xbe || area[start + 5] !== 0xef) return undefined
  return { start, skip: area[start + 6] ?? 0 }
}

/** Interprets a system use area and its continuations. Throws `ROS_ISO_FORMAT`, `ROS_ISO_LOOP`, `ROS_ISO_EXTENT`. */
export async function readRockRidge(
  image: ImageBytes,
  subject: string,
  area: Uint8Array,
): Promise<RockRidge> {
  const found: { -readonly [K in keyof RockRidge]: RockRidge[K] } = {}
  const nameParts: Uint8Array[] = []
  const target = new TargetReader(subject)
  for (const { signature, content } of await readEntries(image, subject, area)) {
    const number = (index: number) => both32.read(content, 8 * index, `${signature} of ${subject}`)
    const need = (size: number) => checkContent(subject, signature, content, size)
    switch (signature) {
      case 'PX':
        need(32)
        Object.assign(found, { mode: number(0), links: number(1), uid: number(2), gid: number(3) })
        if (content.length >= 40) found.serial = number(4)
        break
      case 'TF':
        found.mtime = modificationTime(content) ?? found.mtime ?? null
        break
      case 'NM':
        need(1)
        nameParts.push(content.subarray(1))
        break
      case 'SL':
        need(1)
        target.add(content.subarray(1))
        break
      case 'PN':
        need(16)
        found.device = deviceNumber(number(0), number(1))
        break
      case 'CL':
        need(8)
        found.childLba = number(0)
        break
      case 'ZF':
        Object.assign(found, { zisofs: zisofsOf(content, subject) })
        break
      case 'RE':
        found.relocated = true
        break
      default:
    }
  }
  if (nameParts.length > 0) found.name = joinName(subject, nameParts)
  const text = target.text()
  return text === undefined ? found : { ...found, target: text }
}

async function readEntries(image: ImageBytes, subject: string, first: Uint8Array): Promise<Entry[]> {
  const entries: Entry[] = []
  let area: Uint8Array | undefined = first
  for (let hops = 0; area; hops++) {
    if (hops > MAX_CONTINUATIONS) {
      throw new IsoError('ROS_ISO_LOOP', 'system use area continues without end', {
        subject,
        limit: `${MAX_CONTINUATIONS} continuations`,
      })
    }
    const continuation = splitEntries(subject, area, entries)
    area = continuation && (await readContinuation(image, subject, continuation.content))
  }
  return entries
}

/** Adds the area's entries to `entries`; gives its CE back. */
function splitEntries(subject: string, area: Uint8Array, entries: Entry[]): Entry | undefined {
  let continuation: Entry | undefined
  for (let position = 0; position + 4 <= area.length; ) {
    const length = area[position + 2] ?? 0
    if (length < 4 || position + length > area.length) {
      throw new IsoError('ROS_ISO_FORMAT', 'system use entry has a wrong length', {
        subject,
        got: String(length),
        limit: `4 … ${area.length - position}, SUSP §4.1`,
      })
    }
    const signature = String.fromCharCode(...area.subarray(position, position + 2))
    const entry = { signature, content: area.subarray(position + 4, position + length) }
    if (signature === 'ST') break
    if (signature === 'CE') continuation = entry
    else entries.push(entry)
    position += length
  }
  return continuation
}

async function readContinuation(
  image: ImageBytes,
  subject: string,
  content: Uint8Array,
): Promise<Uint8Array> {
  checkContent(subject, 'CE', content, 24)
  const [lba = 0, offset = 0, size = 0] = [0, 8, 16].map((at) => both32.read(content, at, `CE of ${subject}`))
  if (offset >= SECTOR || size > 16 * SECTOR) {
    throw new IsoError('ROS_ISO_FORMAT', 'continuation area has a wrong place', {
      subject,
      got: `${size} bytes at byte ${offset}`,
      limit: 'inside a sector',
    })
  }
  if (offset + size <= SECTOR) return (await image.sector(subject, lba)).subarray(offset, offset + size)
  return (await image.read(subject, lba, offset + size)).subarray(offset)
}

/** Algorithm `pz`, length of the header, size of the blocks, length of the content; other algorithms are left as they are stored. */
function zisofsOf(content: Uint8Array, subject: string): Zisofs | undefined {
  if (content.length < 12 || String.fromCharCode(...content.subarray(0, 2)) !== 'pz') return undefined
  const blockLog2 = content[3] ?? 0
  const size = both32.read(content, 4, `ZF of ${subject}`)
  return blockLog2 < BLOCK_LOG2.min || blockLog2 > BLOCK_LOG2.max ? undefined : { size, blockLog2 }
}

/** TF holds the times whose flags are set, in the order of the flags; bit 1 is modification (RRIP §4.1.6). */
function modificationTime(content: Uint8Array): number | null | undefined {
  const flags = content[0] ?? 0
  const set = (bit: number) => Math.floor(flags / bit) % 2 === 1
  if (!set(2)) return undefined
  const field = set(128) ? volumeDate : recordDate
  const offset = 1 + (set(1) ? field.size : 0)
  return offset + field.size > content.length ? undefined : field.read(content, offset, 'TF')
}

/** The inverse of what glibc's makedev does, from the two halves. */
function deviceNumber(high: number, low: number): { major: number; minor: number } {
  const minorHigh = Math.floor(low / 0x100000) + (high % 0x1000) * 0x1000
  return {
    major: (Math.floor(low / 0x100) % 0x1000) + Math.floor(high / 0x1000) * 0x1000,
    minor: (low % 0x100) + minorHigh * 0x100,
  }
}

function joinName(subject: string, parts: readonly Uint8Array[]): string {
  const bytes = joinBytes(parts)
  if (bytes.length > NAME_MAX) {
    throw new IsoError('ROS_ISO_NAME', 'file name is too long', {
      subject,
      got: `${bytes.length} bytes`,
      limit: `${NAME_MAX} bytes`,
    })
  }
  return decodeName(bytes)
}
