import { type ByteSource, type Finding, slice } from '@ros/bytes'
import { lintFat, readQcow2 } from '@ros/disk'
import { indexTar, lintDockerSave, lintOciLayout } from '@ros/images-tar'
import { lintInitrd } from '@ros/initrd'
import { IsoError, lintIso, readIso } from '@ros/iso'
import { lintPartitions, readPartitions } from '@ros/partitions'
import { diskKind } from './disk.ts'
import type { LintKind } from './open.ts'
import type { Spool } from './spool.ts'

/** What is wrong with a file of a kind; with disks and ISOs that are disks, also with the FAT volumes in their partitions. */
export async function* lintFile(
  source: ByteSource,
  kind: LintKind,
  name: string,
  spool: Spool,
): AsyncGenerator<Finding, void> {
  switch (kind) {
    case 'iso':
      yield* lintIso(source)
      yield* lintDisk(source, await espPlaces(source))
      return
    case 'initrd':
      yield* lintInitrd(source, { store: (chunks) => spool.store(chunks, name) })
      return
    case 'docker-save':
      yield* lintDockerSave(source)
      return
    case 'oci-layout':
      yield* lintOciLayout(await indexTar(source))
      return
    case 'fat':
      yield* lintFat(source)
      return
    case 'disk':
      // Offsets are those of the disk then, not of the file.
      yield* lintDisk((await diskKind(source)) === 'qcow2' ? (await readQcow2(source)).content : source, [])
  }
}

interface Place {
  readonly offset: number
  readonly size: number
  readonly subject: string
}

async function* lintDisk(disk: ByteSource, more: readonly Place[]): AsyncGenerator<Finding, void> {
  yield* lintPartitions(disk)
  const table = await readPartitions(disk)
  const places = [
    ...(table?.partitions ?? []).map(({ number, offset, content }) => ({
      offset,
      size: content.size,
      subject: `partition ${number}`,
    })),
    ...more,
  ]
  const seen = new Set<number>()
  for (const { offset, size, subject } of places) {
    if (seen.has(offset) || offset + size > disk.size) continue
    seen.add(offset)
    const content = slice(disk, offset, size)
    if ((await diskKind(content)) !== 'fat') continue
    for await (const finding of lintFat(content))
      yield { ...finding, offset: finding.offset + offset, subject: `${subject}, ${finding.subject}` }
  }
}

/** El Torito's images for UEFI, which need not be partitions. An image that cannot be read has been told of already. */
async function espPlaces(source: ByteSource): Promise<Place[]> {
  try {
    const { bootEntries } = await readIso(source)
    return bootEntries
      .filter(({ platform, loadSectors }) => platform === 'efi' && loadSectors > 1)
      .map(({ lba, loadSectors }) => ({
        offset: lba * 2048,
        size: loadSectors * 512,
        subject: 'EFI system partition',
      }))
  } catch (error) {
    if (error instanceof IsoError) return []
    throw error
  }
}
