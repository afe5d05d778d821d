import type { ByteSource } from '@ros/bytes'
import { lintBoot } from './lint-boot.ts'
import { type LintedDescriptors, lintDescriptors } from './lint-descriptors.ts'
import { LintImage } from './lint-image.ts'
import { lintPathTable } from './lint-path-table.ts'
import type { IsoFinding } from './lint-rules.ts'
import { type LintedTree, lintTree } from './lint-tree.ts'

/**
 * What is wrong with an ISO 9660 image: descriptors, directories and path tables of the primary and the Joliet volume,
 * system use entries, boot catalogue, boot info tables. All of it is gone through, whatever is found; contents of files
 * are not read. Throws `ROS_ISO_LIMIT` for directories that overlap to multiply themselves, `ROS_ISO_CONTENT` when the
 * source cannot be read.
 */
export async function* lintIso(source: ByteSource): AsyncGenerator<IsoFinding, void> {
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
