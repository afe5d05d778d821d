import { u16be, u16le, u32be, u32le } from '@ros/bytes'
import type { LintedVolume } from './lint-descriptors.ts'
import type { LintImage } from './lint-image.ts'
import { type IsoFinding, isoFinding } from './lint-rules.ts'
import type { FoundDirectory } from './lint-tree.ts'
import { SECTOR } from './sector.ts'

/** Checks a path table against the directories that records lead to; tells of the first record that is wrong. */
export async function* lintPathTable(
  image: LintImage,
  volume: LintedVolume,
  directories: readonly FoundDirectory[],
  type: 'L' | 'M',
): AsyncGenerator<IsoFinding, void> {
  const rule = type === 'L' ? 'iso/path-table-l' : 'iso/path-table-m'
  const lba = type === 'L' ? volume.typeL : volume.typeM
  const subject = `path table ${type} of the ${volume.kind} volume`
  const at = (position: number, message: string) =>
    isoFinding(rule, lba * SECTOR + position, subject, message)
  const size = volume.pathTableSize
  const table = image.holds(lba, size) ? await image.bytes(lba * SECTOR, size) : undefined
  if (!table) {
    yield at(0, `sector ${lba}, ${size} bytes are not there`)
    return
  }
  const expected = new Map(directories.map((directory) => [directory.lba, directory]))
  const lbas: number[] = []
  for (let position = 0; position < size; ) {
    const length = table[position] ?? 0
    const end = position + 8 + length + (length % 2)
    if (length === 0 || end > size) {
      yield at(position, `identifier of ${length} bytes, ${size - position - 8} are left`)
      return
    }
    const extent = (type === 'L' ? u32le : u32be).read(table, position + 2, subject)
    const parent = (type === 'L' ? u16le : u16be).read(table, position + 6, subject)
    const directory = expected.get(extent)
    const identifier = table.subarray(position + 8, position + 8 + length)
    lbas.push(extent)
    if (!directory) {
      yield at(position, `record ${lbas.length} leads to sector ${extent}, where no directory is`)
      return
    }
    if (!sameBytes(identifier, directory.identifier)) {
      yield at(position, `record ${lbas.length} has another identifier than ${directory.name}`)
      return
    }
    if (lbas[parent - 1] !== directory.parentLba) {
      yield at(
        position,
        `record ${lbas.length}, ${directory.name}: parent number ${parent} is not that of its directory`,
      )
      return
    }
    position = end
  }
  const seen = new Set(lbas)
  const missing = directories.find(({ lba: each }) => !seen.has(each))
  if (missing) yield at(size, `${missing.name} is not in it`)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
