import { type ByteSource, slice, u32le } from '@ros/bytes'
import { lintBoot } from './lint-boot.ts'
import { type LintedDescriptors, lintDescriptors } from './lint-descriptors.ts'
import { LintImage } from './lint-image.ts'
import { lintPathTable } from './lint-path-table.ts'
import type { IsoFinding } from './lint-rules.ts'
import { type LintedTree, lintTree } from './lint-tree.ts'
import { SECTOR } from './sector.ts'

/**
 * What is wrong with an ISO 9660 image: descriptors, directories and path tables of the primary and the Joliet volume,
 * system use entries, boot catalogue, boot info tables; of a hybrid image whose first partition has a volume of its own, that as well. All of it is gone through, whatever is found; contents of files
 * are not read. Throws `ROS_ISO_LIMIT` for directories that overlap to multiply themselves, `ROS_ISO_CONTENT` when the
 * source cannot be read.
 */
export async function* lintIso(source: ByteSource): AsyncGenerator<IsoFinding, void> {
  yield* lintSet(source)
  const start = await partitionStart(source)
  if (start === undefined) return
  for await (const found of lintSet(slice(source, start, source.size - start)))
    yield { ...found, offset: found.offset + start, subject: `partition 1, ${found.subject}` }
}

async function* lintSet(source: ByteSource): AsyncGenerator<IsoFinding, void> {
  const image = new LintImage(source)
  const { volumes, catalogLba, enhanced }: LintedDescriptors = yield* lintDescriptors(image)
  const files = new Map<number, number>()
  for (const volume of volumes) {
    const tree: LintedTree = yield* lintTree(image, volume, enhanced)
    for (const [lba, size] of tree.files) files.set(lba, size)
    // Directories that were not found are not the tables' fault.
    if (!tree.complete) continue
    yield* lintPathTable(image, volume, tree.directories, 'L')
    yield* lintPathTable(image, volume, tree.directories, 'M')
  }
  if (catalogLba !== undefined) yield* lintBoot(image, catalogLba, files)
}

const SIGNATURE = 510
const FIRST_ENTRY = 446

/** Where partition 1 of a hybrid image begins, when it has volume descriptors of its own; in bytes. */
async function partitionStart(source: ByteSource): Promise<number | undefined> {
  const image = new LintImage(source)
  const record = await image.bytes(0, 512)
  if (!record || record[SIGNATURE] !== 0x55 || record[SIGNATURE + 1] !== 0xaa) return undefined
  const start = u32le.read(record, FIRST_ENTRY + 8, 'start of partition 1') * 512
  if (start < 16 * SECTOR || start % SECTOR !== 0) return undefined
  const descriptor = await image.bytes(start + 16 * SECTOR, 6)
  return descriptor && String.fromCharCode(...descriptor.subarray(1)) === 'CD001' ? start : undefined
}
