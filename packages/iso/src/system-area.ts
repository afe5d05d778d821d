import { DISK_SECTOR, encodeGpt, GPT_SIZE, type GptPartition, gptAttribute, gptType } from '@ros/partitions'
import { encodeHybridMbr, type HybridPlaces } from './hybrid.ts'
import type { GptOptions, HybridBoot } from './options.ts'
import { SECTOR, wholeSectors } from './sector.ts'

/** The sectors before the first volume descriptor, which the format leaves to others. */
export const SYSTEM_AREA = 16 * SECTOR
/** The second copy of a GPT fills the end of the image's last sectors. */
export const BACKUP_GPT = wholeSectors(GPT_SIZE)

const PER_SECTOR = SECTOR / DISK_SECTOR

/** Zeros; of a hybrid image a master boot record, and with `gpt` the first copy of that. */
export function encodeSystemArea(hybrid: HybridBoot | undefined, places: HybridPlaces): Uint8Array {
  const area = new Uint8Array(SYSTEM_AREA)
  if (hybrid) area.set(encodeHybridMbr(hybrid, places))
  if (hybrid?.gpt) area.set(bothCopies(hybrid.gpt, places).primary, DISK_SECTOR)
  return area
}

/** `BACKUP_GPT` bytes, the last of the image. */
export function encodeBackupGpt(gpt: GptOptions, places: HybridPlaces): Uint8Array {
  const area = new Uint8Array(BACKUP_GPT)
  area.set(bothCopies(gpt, places).backup, BACKUP_GPT - GPT_SIZE)
  return area
}

function bothCopies(
  { diskGuid, partitionGuids }: GptOptions,
  { start, end, esp, sectorCount }: HybridPlaces,
) {
  const partitions: GptPartition[] = [
    {
      type: gptType.basicData,
      guid: partitionGuids[0],
      name: 'ISO9660',
      start: start * PER_SECTOR,
      count: (end - start) * PER_SECTOR,
      attributes: [gptAttribute.readOnly],
    },
  ]
  if (esp) {
    const [first, count] = [esp.lba * PER_SECTOR, esp.size / DISK_SECTOR]
    const [, guid] = partitionGuids
    partitions.push({ type: gptType.efiSystem, guid, name: 'EFI system', start: first, count })
  }
  return encodeGpt(diskGuid, partitions, sectorCount * PER_SECTOR)
}
