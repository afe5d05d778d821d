import type { Extent } from './directory-record.ts'
import type { LintedVolume } from './lint-descriptors.ts'
import { type LintedDirectory, type LintedRecord, lintDirectory } from './lint-directory.ts'
import type { LintImage } from './lint-image.ts'
import { type IsoFinding, isoFinding } from './lint-rules.ts'
import { lintSystemUse, looksShared } from './lint-system-use.ts'
import { findSharing } from './read-system-use.ts'
import { SECTOR } from './sector.ts'

/** A directory as the path table should have it. */
export interface FoundDirectory {
  readonly identifier: Uint8Array
  readonly name: string
  readonly lba: number
  readonly parentLba: number
}

export interface LintedTree {
  readonly directories: readonly FoundDirectory[]
  /** Length of the file that starts at a sector. */
  readonly files: ReadonlyMap<number, number>
  /** False when a directory could not be read, so that more may exist. */
  readonly complete: boolean
}

/** Walks all directories of a volume as its records lead, Rock Ridge's relocations not carried out. */
export async function* lintTree(
  image: LintImage,
  volume: LintedVolume,
  anyCharacters: boolean,
): AsyncGenerator<IsoFinding, LintedTree> {
  const { kind, root } = volume
  const directories: FoundDirectory[] = []
  const files = new Map<number, number>()
  const visited = new Set<number>()
  const lowerCase: IsoFinding[] = []
  let complete = true
  let mangled = false
  let sharing: { start: number; skip: number } | undefined
  let first: FoundDirectory & { extent: Extent } = {
    identifier: Uint8Array.of(0),
    name: '/',
    lba: root.lba,
    parentLba: root.lba,
    extent: root,
  }
  const waiting = [first]
  for (let index = 0; index < waiting.length; index++) {
    first = waiting[index] as typeof first
    const { name, lba, extent } = first
    visited.add(lba)
    directories.push(first)
    const naming = { kind, anyCharacters }
    const read: LintedDirectory | undefined = yield* held(
      lintDirectory(image, name, extent, naming),
      lowerCase,
    )
    if (!read) {
      complete = false
      if (index === 0)
        yield isoFinding(
          'iso/extent',
          volume.lba * SECTOR,
          `root of the ${kind} volume`,
          `sector ${lba} is not there`,
        )
      continue
    }
    yield* lintSpecial(read, first, kind)
    if (index === 0 && kind === 'iso') {
      sharing = read.self && findSharing(read.self.systemUse)
      if (!sharing) yield* lintSharing(read)
    }
    for (const record of read.records) {
      if (sharing) {
        mangled ||= isMangled(record, sharing.skip)
        yield* lintSystemUse(image, record, sharing.skip)
      }
      if (!record.directory) {
        if (record.extent.size > 0) files.set(record.extent.lba, record.extent.size)
        continue
      }
      if (visited.has(record.extent.lba)) {
        complete = false
        yield isoFinding(
          'iso/directory-loop',
          record.offset,
          record.name,
          `sector ${record.extent.lba} is a directory seen before`,
        )
        continue
      }
      visited.add(record.extent.lba)
      const { identifier, extent: at } = record
      waiting.push({ identifier, name: record.name, lba: at.lba, parentLba: lba, extent: at })
    }
    if (sharing && read.self)
      yield* lintSystemUse(image, read.self, index === 0 ? sharing.start : sharing.skip)
  }
  // With Rock Ridge, identifiers that all are as the names are what xorriso means when it relaxes the rules for isolinux's images.
  if (!sharing || mangled) yield* lowerCase
  return { directories, files, complete }
}

/** Passes findings on, but keeps those about lower case for later. */
async function* held<T>(
  findings: AsyncGenerator<IsoFinding, T>,
  kept: IsoFinding[],
): AsyncGenerator<IsoFinding, T> {
  for (;;) {
    const next = await findings.next()
    if (next.done) return next.value
    if (next.value.rule === 'iso/d-characters') kept.push(next.value)
    else yield next.value
  }
}

/** Whether an identifier has upper case where Rock Ridge's name has lower case. */
function isMangled({ identifier, systemUse }: LintedRecord, skip: number): boolean {
  const area = systemUse.subarray(skip)
  for (
    let position = 0;
    position + 5 <= area.length && (area[position + 2] ?? 0) >= 5;
    position += area[position + 2] ?? 0
  ) {
    if (area[position] !== 0x4e || area[position + 1] !== 0x4d) continue
    const name = area.subarray(position + 5, position + (area[position + 2] ?? 0))
    return identifier.some((byte, index) => byte >= 0x41 && byte <= 0x5a && name[index] === byte + 0x20)
  }
  return false
}

// xorriso (libisofs 1.5.4) lets '..' of Joliet directories lead to themselves; no reader is known to use it.
function* lintSpecial(
  { self, parent }: LintedDirectory,
  { name, lba, parentLba }: FoundDirectory,
  kind: LintedVolume['kind'],
): Generator<IsoFinding> {
  if (!self)
    yield isoFinding('iso/self', lba * SECTOR, name, 'the first record is not that of the directory itself')
  else if (self.extent.lba !== lba)
    yield isoFinding('iso/self', self.offset, name, `sector ${self.extent.lba}, but it stands at ${lba}`)
  if (!parent) yield isoFinding('iso/parent', lba * SECTOR, name, "no record '..'")
  else if (parent.extent.lba !== parentLba && !(kind === 'joliet' && parent.extent.lba === lba)) {
    const where = `'..' is at sector ${parent.extent.lba}, the directory above at ${parentLba}`
    yield isoFinding('iso/parent', parent.offset, name, where)
  }
}

function* lintSharing({ self, records }: LintedDirectory): Generator<IsoFinding> {
  const shared = (record: LintedRecord | undefined) => record && looksShared(record.systemUse)
  const first = [...records].find((record) => shared(record)) ?? (shared(self) ? self : undefined)
  if (first)
    yield isoFinding(
      'susp/sp-missing',
      self?.systemUseAt ?? first.systemUseAt,
      '/',
      `no SP in the root, but ${first.name} has Rock Ridge: readers ignore it`,
    )
}
