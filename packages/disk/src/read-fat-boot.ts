import { type ByteSource, u16le } from '@ros/bytes'
import { biosParameters, fat32Parameters, volumeIdentity } from './fat-boot-sector.ts'
import { DIRECTORY_ENTRY, type FatType, fatLimits, fatType, SECTOR } from './fat-geometry.ts'
import { formatError, readBytes } from './read-bytes.ts'

/** Where a volume keeps its parts, in bytes. */
export interface FatVolume {
  readonly type: FatType
  readonly clusterSize: number
  readonly clusterCount: number
  readonly fatOffset: number
  /** Region of the root directory; size 0 with FAT32. */
  readonly rootOffset: number
  readonly rootSize: number
  /** First cluster of the root directory; 0 but with FAT32. */
  readonly rootCluster: number
  readonly clusterOffset: number
  readonly serialNumber?: number
  /** As the boot sector has it. */
  readonly label?: string
}

const SUBJECT = 'boot sector'

/** Reads and checks the boot sector. Throws `ROS_DISK_FORMAT` for what is no FAT volume. */
export async function readFatBoot(source: ByteSource): Promise<FatVolume> {
  const sector = await readBytes(source, 0, SECTOR, SUBJECT)
  const values = biosParameters.decode(sector)
  const { bytesPerSector, sectorsPerCluster, fatCount } = values
  if (u16le.read(sector, SECTOR - 2, SUBJECT) !== 0xaa55) throw formatError(SUBJECT, 'no signature 55 AA')
  if (![512, 1024, 2048, 4096].includes(bytesPerSector))
    throw formatError(SUBJECT, 'bad sector size', String(bytesPerSector))
  if (sectorsPerCluster === 0 || !Number.isInteger(Math.log2(sectorsPerCluster)))
    throw formatError(SUBJECT, 'sectors per cluster are no power of two', String(sectorsPerCluster))
  if (values.reservedSectors === 0 || fatCount === 0)
    throw formatError(SUBJECT, 'no reserved sectors or no table')

  const fat32 = fat32Parameters.decode(sector, biosParameters.size)
  const fatSectors = values.fatSectors16 || fat32.fatSectors32
  const sectorCount = values.sectorCount16 || values.sectorCount32
  const rootSectors = Math.ceil((values.rootEntries * DIRECTORY_ENTRY) / bytesPerSector)
  const fatStart = values.reservedSectors
  const rootStart = fatStart + fatCount * fatSectors
  const clusterStart = rootStart + rootSectors
  const clusterCount = Math.floor((sectorCount - clusterStart) / sectorsPerCluster)
  if (clusterCount < 1) throw formatError(SUBJECT, 'no room for clusters', `${sectorCount} sectors`)
  if (sectorCount * bytesPerSector > source.size) {
    throw formatError(
      SUBJECT,
      'volume is longer than its image',
      `${sectorCount * bytesPerSector} of ${source.size} bytes`,
    )
  }
  const type = fatType(clusterCount)
  const wide = values.fatSectors16 === 0
  if (wide !== (type === 'fat32'))
    throw formatError(SUBJECT, `not laid out as ${type}`, `${clusterCount} clusters`)
  const tableSize = Math.ceil(((clusterCount + 2) * fatLimits[type].bits) / 8)
  if (clusterCount > fatLimits[type].max || tableSize > fatSectors * bytesPerSector)
    throw formatError(SUBJECT, 'table is too short for the clusters', `${clusterCount} clusters`)
  const identity = volumeIdentity.decode(sector, biosParameters.size + (wide ? fat32Parameters.size : 0))
  return {
    type,
    clusterSize: sectorsPerCluster * bytesPerSector,
    clusterCount,
    fatOffset: fatStart * bytesPerSector,
    rootOffset: rootStart * bytesPerSector,
    rootSize: wide ? 0 : values.rootEntries * DIRECTORY_ENTRY,
    rootCluster: wide ? fat32.rootCluster : 0,
    clusterOffset: clusterStart * bytesPerSector,
    ...(identity.signature === 0x29 && { serialNumber: identity.serialNumber, label: identity.label }),
  }
}

/** Whether a first sector is likely one of a FAT volume, and not a master boot record: both end with 55 AA. */
export function looksLikeFat(sector: Uint8Array): boolean {
  if (sector.length < SECTOR || u16le.read(sector, SECTOR - 2, SUBJECT) !== 0xaa55) return false
  const { jump, bytesPerSector, sectorsPerCluster, reservedSectors, fatCount, media } =
    biosParameters.decode(sector)
  const jumps = jump[0] === 0xe9 || (jump[0] === 0xeb && jump[2] === 0x90)
  return (
    jumps &&
    [512, 1024, 2048, 4096].includes(bytesPerSector) &&
    Number.isInteger(Math.log2(sectorsPerCluster)) &&
    reservedSectors > 0 &&
    (fatCount === 1 || fatCount === 2) &&
    (media === 0xf0 || media >= 0xf8)
  )
}
