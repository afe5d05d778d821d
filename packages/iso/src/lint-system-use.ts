import { both32 } from '@ros/bytes'
import { lintBoth32 } from './lint-descriptors.ts'
import type { LintedRecord } from './lint-directory.ts'
import type { LintImage } from './lint-image.ts'
import { type IsoFinding, isoFinding } from './lint-rules.ts'
import { SECTOR } from './sector.ts'

const MAX_CONTINUATIONS = 64
const DIRECTORY = 0o040000
const TYPE_BITS = 0o10000
/** How many both-endian numbers an entry begins with. */
const numbers = new Map([
  ['PX', 4],
  ['PN', 2],
  ['CL', 1],
  ['PL', 1],
  ['CE', 3],
])

/** Whether an area begins with an entry that Rock Ridge or its earlier versions have. */
export function looksShared(area: Uint8Array): boolean {
  const signature = String.fromCharCode(...area.subarray(0, 2))
  return /^(PX|NM|TF|RR|SL|PN|ER|CE)$/.test(signature) && (area[2] ?? 0) >= 4 && area[3] === 1
}

/** Checks a record's system use entries and their continuations; `skip` bytes come before them. */
export async function* lintSystemUse(
  image: LintImage,
  record: LintedRecord,
  skip: number,
): AsyncGenerator<IsoFinding, void> {
  const { name } = record
  let mode: number | undefined
  let moved = false
  let area = record.systemUse.subarray(skip)
  let start = record.systemUseAt + skip
  for (let hops = 0; ; hops++) {
    let next: { lba: number; offset: number; size: number; at: number } | undefined
    for (let position = 0; position + 4 <= area.length; ) {
      const length = area[position + 2] ?? 0
      const signature = String.fromCharCode(...area.subarray(position, position + 2))
      if (length < 4 || position + length > area.length) {
        const what = `entry ${JSON.stringify(signature)} of ${length} bytes, ${area.length - position} are left`
        yield isoFinding('susp/length', start + position, name, what)
        break
      }
      if (signature === 'ST') break
      const content = area.subarray(position + 4, position + length)
      const count = numbers.get(signature) ?? 0
      if (content.length < 8 * count) {
        yield isoFinding(
          'susp/length',
          start + position,
          name,
          `${signature} of ${length} bytes is too short`,
        )
        break
      }
      for (let i = 0; i < count; i++)
        yield* lintBoth32(content, 8 * i, start + position + 4, `${signature} of ${name}`)
      const number = (index: number) => both32.read(content, 8 * index, signature)
      if (signature === 'PX') mode = number(0)
      if (signature === 'CL') moved = true
      if (signature === 'CE')
        next = { lba: number(0), offset: number(1), size: number(2), at: start + position }
      position += length
    }
    if (!next) break
    const { lba, offset, size, at } = next
    const bytes =
      offset < SECTOR && size <= 16 * SECTOR && image.holds(lba, offset + size)
        ? await image.bytes(lba * SECTOR + offset, size)
        : undefined
    if (!bytes || hops >= MAX_CONTINUATIONS) {
      yield isoFinding(
        'susp/continuation',
        at,
        name,
        bytes ? 'goes on without end' : `${size} bytes at byte ${offset} of sector ${lba}`,
      )
      break
    }
    area = bytes
    start = lba * SECTOR + offset
  }
  if (mode === undefined || moved) return
  const isDirectory = mode - (mode % TYPE_BITS) === DIRECTORY
  if (isDirectory !== record.directory)
    yield isoFinding(
      'rr/mode',
      record.systemUseAt,
      name,
      `mode 0o${mode.toString(8)} of a record that is ${record.directory ? 'a' : 'no'} directory`,
    )
}
