import { both32, record, u8 } from '@ros/bytes'
import { SECTOR } from './sector.ts'

/** One entry of a system use area: signature, length, version 1, content (SUSP 1.12 §4.1). At most 255 bytes. */
export function suspEntry(
  signature: string,
  ...content: readonly (Uint8Array | readonly number[])[]
): Uint8Array {
  const length = 4 + content.reduce((sum, part) => sum + part.length, 0)
  if (length > 255) throw new Error(`${signature}: ${length} bytes do not fit a system use entry`)
  const entry = new Uint8Array(length)
  entry.set([signature.charCodeAt(0), signature.charCodeAt(1), length, 1])
  let position = 4
  for (const part of content) {
    entry.set(part, position)
    position += part.length
  }
  return entry
}

/** Continuation: where the rest of a system use area stands (SUSP §5.1). */
const continuationEntry = record(
  'CE',
  [
    ['signature0', u8],
    ['signature1', u8],
    ['length', u8],
    ['version', u8],
    ['lba', both32],
    ['offset', both32],
    ['size', both32],
  ],
  28,
)

/** SP: the area starts here and nothing is skipped (SUSP §5.3). */
export const sharingProtocol = suspEntry('SP', [0xbe, 0xef, 0])

/** ER: the extension in use (SUSP §5.5), here RRIP 1.12 by the identifier that its §4.3 requires. */
export const extensionsReference = (() => {
  const encode = (text: string) => new TextEncoder().encode(text)
  const id = encode('IEEE_P1282')
  const description = encode('THE IEEE P1282 PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS')
  const source = encode(
    'PLEASE CONTACT THE IEEE STANDARDS DEPARTMENT, PISCATAWAY, NJ, USA FOR THE P1282 SPECIFICATION',
  )
  return suspEntry('ER', [id.length, description.length, source.length, 1], id, description, source)
})()

/** A part of the continuation area. */
interface Piece {
  readonly position: number
  readonly size: number
  readonly entries: readonly Uint8Array[]
}

/** System use of one directory record: what stands in the record, and the chain of what does not fit there. */
export interface SystemUse {
  readonly entries: readonly Uint8Array[]
  readonly pieces: readonly Piece[]
  /** Bytes in the record, CE included; even. */
  readonly size: number
}

/**
 * The continuation area of a volume: one run of sectors that the system use of all its records shares. A piece never
 * crosses a sector, since Linux reads one block for each CE.
 */
export class ContinuationArea {
  #size = 0
  readonly #pieces: Piece[][] = []

  /** Bytes in use. */
  get size(): number {
    return this.#size
  }

  /** Places entries: as many as fit into `room` bytes of the record, the rest here. */
  place(entries: readonly Uint8Array[], room: number): SystemUse {
    const total = sizeOf(entries)
    if (even(total) <= room) return { entries, pieces: [], size: even(total) }
    const inRecord = prefix(entries, room - continuationEntry.size)
    const pieces = this.#chain(entries.slice(inRecord.length))
    this.#pieces.push(pieces)
    return { entries: inRecord, pieces, size: even(sizeOf(inRecord) + continuationEntry.size) }
  }

  /** The area's bytes, once it is known to start at `lba`. */
  encode(lba: number): Uint8Array {
    const area = new Uint8Array(this.#size)
    for (const pieces of this.#pieces) {
      pieces.forEach((piece, index) => {
        writeEntries(area, piece.position, piece.entries, pieces[index + 1], lba)
      })
    }
    return area
  }

  #chain(entries: readonly Uint8Array[]): Piece[] {
    const pieces: Piece[] = []
    for (let rest = entries; rest.length > 0; ) {
      let space = SECTOR - (this.#size % SECTOR)
      // Less than one entry and a CE may not fit what is left of the sector; a fresh one always holds both.
      if (space < sizeOf(rest) && space < 255 + continuationEntry.size) {
        this.#size += space
        space = SECTOR
      }
      const whole = sizeOf(rest) <= space
      const here = whole ? rest : prefix(rest, space - continuationEntry.size)
      const size = sizeOf(here) + (whole ? 0 : continuationEntry.size)
      pieces.push({ position: this.#size, size, entries: here })
      this.#size += size
      rest = rest.slice(here.length)
    }
    return pieces
  }
}

/** Writes a record's system use into `target`; its continuation area starts at `lba`. */
export function writeSystemUse(target: Uint8Array, offset: number, use: SystemUse, lba: number): void {
  writeEntries(target, offset, use.entries, use.pieces[0], lba)
}

function writeEntries(
  target: Uint8Array,
  offset: number,
  entries: readonly Uint8Array[],
  next: Piece | undefined,
  lba: number,
): void {
  let position = offset
  for (const entry of entries) {
    target.set(entry, position)
    position += entry.length
  }
  if (!next) return
  continuationEntry.encodeInto(target, position, {
    signature0: 0x43, // C
    signature1: 0x45, // E
    length: continuationEntry.size,
    version: 1,
    lba: lba + Math.floor(next.position / SECTOR),
    offset: next.position % SECTOR,
    size: next.size,
  })
}

function prefix(entries: readonly Uint8Array[], room: number): readonly Uint8Array[] {
  let count = 0
  for (let used = 0; count < entries.length; count++) {
    used += entries[count]?.length ?? 0
    if (used > room) break
  }
  return entries.slice(0, count)
}

function sizeOf(entries: readonly Uint8Array[]): number {
  return entries.reduce((sum, entry) => sum + entry.length, 0)
}

function even(size: number): number {
  return size + (size % 2)
}
