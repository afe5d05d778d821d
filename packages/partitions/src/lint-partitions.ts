import { type ByteSource } from '@ros/bytes'
import { lintGpt } from './lint-gpt.ts'
import { type PartitionFinding, partitionFinding } from './lint-rules.ts'
import { DISK_SECTOR, masterBootRecord, mbrEntry, mbrType } from './mbr.ts'
import { readGptCopies } from './read-gpt.ts'
import { isExtended, type ReadMbr, type ReadMbrEntry, readMbr } from './read-mbr.ts'

/** A run of sectors with a name. */
export interface Run {
  readonly subject: string
  readonly start: number
  readonly count: number
  /** Where it is written down, in bytes. */
  readonly offset: number
}

/**
 * What is wrong with the partition tables of a disk: the MBR, a GPT's both copies. A disk without any has none that could be wrong.
 * What lies inside the partitions is not looked at. Throws `ROS_PARTITIONS_CONTENT`.
 */
export async function* lintPartitions(disk: ByteSource): AsyncGenerator<PartitionFinding, void> {
  const mbr = await readMbr(disk)
  const sectorCount = Math.floor(disk.size / DISK_SECTOR)
  if (mbr) yield* lintMbr(mbr, sectorCount)
  const copies = await readGptCopies(disk)
  const protective = mbr?.entries.find(({ type }) => type === mbrType.protective)
  if (protective && !copies.primary && !copies.backup) {
    yield partitionFinding('gpt/missing', DISK_SECTOR, 'GPT', 'no signature EFI PART in sector 1')
    return
  }
  // Firmware and Linux pass over a GPT that no protective entry announces, as isohybrid images for the Mac carry one.
  if (!protective && mbr && mbr.entries.length > 0) return
  if (!copies.primary && !copies.backup) return
  if (!protective) {
    const at = masterBootRecord.offsets.partitions
    yield partitionFinding(
      'mbr/protective',
      at,
      'master boot record',
      'no entry of type EE: the GPT is not seen',
    )
  } else yield* lintProtective(protective, sectorCount)
  yield* lintGpt(copies, sectorCount)
}

function* lintMbr({ entries }: ReadMbr, sectorCount: number): Generator<PartitionFinding> {
  for (const { number, status, offset } of entries)
    if (status !== 0 && status !== 0x80)
      yield partitionFinding('mbr/status', offset, `partition ${number}`, `status ${status.toString(16)}`)
  const active = entries.filter((entry) => entry.active)
  const [, second] = active
  if (second)
    yield partitionFinding(
      'mbr/active',
      second.offset,
      `partition ${second.number}`,
      `${active.length} are active`,
    )
  for (const { number, type, start, count, offset } of entries) {
    if (type === mbrType.protective || start + count <= sectorCount) continue
    const message = `sectors ${start} … ${start + count - 1} of ${sectorCount}`
    yield partitionFinding('mbr/bounds', offset + mbrEntry.offsets.start, `partition ${number}`, message)
  }
  const runs = entries
    .filter(({ type }) => !isExtended(type))
    .map(({ number, start, count, offset }) => ({ subject: `partition ${number}`, start, count, offset }))
  yield* lintOverlap(runs, 'mbr/overlap')
}

/** It starts at sector 1 and reaches to the end of the disk, or as far as 32 bits do. */
function* lintProtective(
  { start, count, offset }: ReadMbrEntry,
  sectorCount: number,
): Generator<PartitionFinding> {
  const whole = count === 0xffff_ffff || start + count >= sectorCount
  // A boot loader's entry before it, as syslinux's for a hybrid, takes sectors of its own.
  if (start === 1 && whole) return
  const message = `sectors ${start} … ${start + count - 1}, the disk has ${sectorCount}`
  yield partitionFinding('mbr/protective', offset, 'protective entry', message)
}

export function* lintOverlap(
  runs: readonly Run[],
  id: 'mbr/overlap' | 'gpt/overlap',
): Generator<PartitionFinding> {
  const sorted = [...runs].filter(({ count }) => count > 0).sort((a, b) => a.start - b.start)
  let before: Run | undefined
  for (const run of sorted) {
    if (before && before.start + before.count > run.start) {
      const message = `begins at sector ${run.start}, inside ${before.subject} (${before.start} … ${before.start + before.count - 1})`
      yield partitionFinding(id, run.offset, run.subject, message)
    }
    if (!before || run.start + run.count > before.start + before.count) before = run
  }
}
