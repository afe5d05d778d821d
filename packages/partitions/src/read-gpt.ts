import { type ByteSource, crc32 } from '@ros/bytes'
import { diskBytes } from './disk-bytes.ts'
import { decodeAttributes, decodeName, GPT_SIGNATURE, type GptPartition, gptEntry, gptHeader } from './gpt.ts'
import { decodeGuid } from './guid.ts'
import { DISK_SECTOR } from './mbr.ts'

/** An entry of a GPT, with its place in the table. */
export interface ReadGptPartition extends GptPartition {
  /** 1 … number of entries. */
  readonly number: number
  readonly attributes: readonly number[]
}

/** One copy of a GPT as it stands on the disk. */
export interface ReadGpt {
  readonly header: ReturnType<typeof gptHeader.decode>
  /** Sector of 512 bytes at which the header was read. */
  readonly sector: number
  readonly diskGuid: string
  readonly partitions: readonly ReadGptPartition[]
  /** What is wrong with it: then another copy is to be preferred. */
  readonly faults: readonly GptFault[]
}

export type GptFault = 'header-size' | 'header-crc' | 'own-sector' | 'entries' | 'entries-crc'

// UEFI wants 128 entries at least; more than a thousand times that is no table.
const MAX_ENTRIES = 131_072

/** The copy whose header is at `sector`; undefined without its signature. */
export async function readGptCopy(disk: ByteSource, sector: number): Promise<ReadGpt | undefined> {
  const bytes = await diskBytes(disk, sector * DISK_SECTOR, DISK_SECTOR)
  if (!bytes || String.fromCharCode(...bytes.subarray(0, 8)) !== GPT_SIGNATURE) return undefined
  const header = decodeHeader(bytes)
  if (!header) return undefined
  const faults: GptFault[] = []
  const { headerSize } = header
  if (headerSize < gptHeader.size || headerSize > DISK_SECTOR) faults.push('header-size')
  else {
    const covered = bytes.slice(0, headerSize)
    covered.fill(0, gptHeader.offsets.headerCrc, gptHeader.offsets.headerCrc + 4)
    if (crc32(covered) !== header.headerCrc) faults.push('header-crc')
  }
  if (header.ownSector !== sector) faults.push('own-sector')
  const partitions: ReadGptPartition[] = []
  const entries = await readEntries(disk, header)
  if (!entries) faults.push('entries')
  else {
    if (crc32(entries) !== header.entriesCrc) faults.push('entries-crc')
    for (let index = 0; index < header.entryCount; index++) {
      const partition = partitionAt(entries, index, header.entrySize)
      if (partition) partitions.push(partition)
    }
  }
  return { header, sector, diskGuid: decodeGuid(header.diskGuid), partitions, faults }
}

/** Both copies: the one behind the MBR, and the other where that one says or at the end of the disk. */
export async function readGptCopies(
  disk: ByteSource,
): Promise<{ readonly primary?: ReadGpt; readonly backup?: ReadGpt }> {
  const primary = await readGptCopy(disk, 1)
  const last = Math.floor(disk.size / DISK_SECTOR) - 1
  const named = primary?.faults.length === 0 ? primary.header.otherSector : last
  const backup =
    (await readGptCopy(disk, named)) ?? (named === last ? undefined : await readGptCopy(disk, last))
  return { ...(primary && { primary }), ...(backup && { backup }) }
}

/** Numbers of more than 53 bits are none of a disk. */
function decodeHeader(bytes: Uint8Array) {
  try {
    return gptHeader.decode(bytes)
  } catch {
    return undefined
  }
}

async function readEntries(disk: ByteSource, header: ReadGpt['header']): Promise<Uint8Array | undefined> {
  const { entriesSector, entryCount, entrySize } = header
  if (entryCount > MAX_ENTRIES || entrySize < gptEntry.size || entrySize % 8 !== 0 || entrySize > 4096)
    return undefined
  return diskBytes(disk, entriesSector * DISK_SECTOR, entryCount * entrySize)
}

function partitionAt(entries: Uint8Array, index: number, size: number): ReadGptPartition | undefined {
  const bytes = entries.subarray(index * size, (index + 1) * size)
  if (bytes.subarray(0, 16).every((byte) => byte === 0)) return undefined
  try {
    const { type, guid, first, last, attributes, name } = gptEntry.decode(bytes)
    return {
      number: index + 1,
      type: decodeGuid(type),
      guid: decodeGuid(guid),
      name: decodeName(name),
      start: first,
      count: last - first + 1,
      attributes: decodeAttributes(attributes),
    }
  } catch {
    return undefined
  }
}
