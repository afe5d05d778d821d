import { gptEntry, gptHeader } from './gpt.ts'
import { lintOverlap } from './lint-partitions.ts'
import { type PartitionFinding, partitionFinding } from './lint-rules.ts'
import { DISK_SECTOR } from './mbr.ts'
import type { ReadGpt, readGptCopies } from './read-gpt.ts'

type Copies = Awaited<ReturnType<typeof readGptCopies>>

/** Both copies, and the partitions of the one that counts. */
export function* lintGpt({ primary, backup }: Copies, sectorCount: number): Generator<PartitionFinding> {
  if (!primary) yield partitionFinding('gpt/header', DISK_SECTOR, 'GPT', 'the copy in sector 1 is missing')
  else yield* lintCopy(primary, 'GPT')
  const end = (sectorCount - 1) * DISK_SECTOR
  const broken = backup?.faults.join(', ')
  if (!backup) yield partitionFinding('gpt/backup', end, 'second copy of the GPT', 'is missing')
  else if (broken)
    yield partitionFinding(
      'gpt/backup',
      backup.sector * DISK_SECTOR,
      'second copy of the GPT',
      `damaged: ${broken}`,
    )
  else if (backup.sector !== sectorCount - 1) {
    const message = `is in sector ${backup.sector}, the last one is ${sectorCount - 1}`
    yield partitionFinding('gpt/backup', backup.sector * DISK_SECTOR, 'second copy of the GPT', message)
  }
  if (primary?.faults.length === 0 && backup?.faults.length === 0 && describe(primary) !== describe(backup))
    yield partitionFinding('gpt/copies', backup.sector * DISK_SECTOR, 'GPT', 'the copies differ')
  const good = [primary, backup].find((copy) => copy?.faults.length === 0)
  if (good) yield* lintEntries(good)
}

function* lintCopy({ faults, sector, header }: ReadGpt, subject: string): Generator<PartitionFinding> {
  const at = sector * DISK_SECTOR
  const { offsets } = gptHeader
  for (const fault of faults) {
    if (fault === 'entries' || fault === 'entries-crc') {
      const message = fault === 'entries' ? 'entries are not on the disk' : 'sum of the entries is another'
      yield partitionFinding('gpt/entries-crc', at + offsets.entriesCrc, subject, message)
    } else if (fault === 'header-crc')
      yield partitionFinding('gpt/header', at + offsets.headerCrc, subject, 'sum of the header is another')
    else if (fault === 'header-size')
      yield partitionFinding(
        'gpt/header',
        at + offsets.headerSize,
        subject,
        `header of ${header.headerSize} bytes`,
      )
    else
      yield partitionFinding(
        'gpt/header',
        at + offsets.ownSector,
        subject,
        `says that it is in sector ${header.ownSector}`,
      )
  }
}

/** What the copies have in common. */
function describe({ diskGuid, partitions, header }: ReadGpt): string {
  return JSON.stringify([diskGuid, partitions, header.firstUsable, header.lastUsable])
}

function* lintEntries({ header, partitions }: ReadGpt): Generator<PartitionFinding> {
  const offsetOf = (number: number) => header.entriesSector * DISK_SECTOR + (number - 1) * header.entrySize
  const seen = new Set<string>()
  for (const { number, guid, start, count } of partitions) {
    const [subject, offset] = [`partition ${number}`, offsetOf(number)]
    if (count < 1 || start < header.firstUsable || start + count - 1 > header.lastUsable) {
      const message = `sectors ${start} … ${start + count - 1}, usable are ${header.firstUsable} … ${header.lastUsable}`
      yield partitionFinding('gpt/bounds', offset + gptEntry.offsets.first, subject, message)
    }
    if (seen.has(guid) || /^[0-]*$/.test(guid)) {
      const message = seen.has(guid) ? `${guid} is that of another one` : 'it has none'
      yield partitionFinding('gpt/guid', offset + gptEntry.offsets.guid, subject, message)
    }
    seen.add(guid)
  }
  const runs = partitions.map(({ number, start, count }) => ({
    subject: `partition ${number}`,
    start,
    count,
    offset: offsetOf(number) + gptEntry.offsets.first,
  }))
  yield* lintOverlap(runs, 'gpt/overlap')
}
