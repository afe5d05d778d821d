import { IsoError } from './error.ts'
import type { ImageBytes } from './image-bytes.ts'
import { SECTOR } from './sector.ts'
import {
  BOOT_SYSTEM,
  bootRecord,
  descriptorType,
  jolietVolumeDescriptor,
  primaryVolumeDescriptor,
} from './volume-descriptor.ts'

/** What the volume descriptor set says. */
export interface Descriptors {
  readonly primary: ReturnType<typeof primaryVolumeDescriptor.decode>
  readonly joliet?: ReturnType<typeof jolietVolumeDescriptor.decode>
  /** Sector of the boot catalogue. */
  readonly catalogLba?: number
  /** Whether a UDF file system shows the same files (a bridge disk). */
  readonly udf: boolean
}

const FIRST = 16
// Real sets have three to five; a set without an end must not be followed through the whole image.
const MAX_DESCRIPTORS = 64
const MAX_EXTENDED = 8

/** Reads the set from sector 16 to its terminator. Throws `ROS_ISO_FORMAT` when it is none. */
export async function readDescriptors(image: ImageBytes): Promise<Descriptors> {
  let found: Partial<Descriptors> = {}
  for (let lba = FIRST; lba < FIRST + MAX_DESCRIPTORS; lba++) {
    const subject = `volume descriptor at sector ${lba}`
    const sector = await image.sector(subject, lba)
    if (String.fromCharCode(...sector.subarray(1, 6)) !== 'CD001') {
      const error = new IsoError(
        'ROS_ISO_FORMAT',
        lba === FIRST ? 'not an ISO 9660 image' : 'not a descriptor',
        {
          subject,
          limit: 'CD001 at byte 1, ECMA-119 §8.1.2',
        },
      )
      if (lba === FIRST) throw error
      image.tolerate(error)
      return complete(found, false)
    }
    if (sector[0] === descriptorType.terminator) return complete(found, await hasUdf(image, lba + 1))
    found = { ...found, ...readDescriptor(sector) }
  }
  throw new IsoError('ROS_ISO_FORMAT', 'volume descriptor set has no terminator', {
    subject: `sector ${FIRST}`,
    limit: `${MAX_DESCRIPTORS} descriptors`,
  })
}

/** NSR02 or NSR03 in the extended area behind the set (ECMA-167 §2/8.4, §3/9.1). */
async function hasUdf(image: ImageBytes, start: number): Promise<boolean> {
  for (let lba = start; (lba + 1) * SECTOR <= image.source.size && lba < start + MAX_EXTENDED; lba++) {
    const sector = await image.sector(`volume structure descriptor at sector ${lba}`, lba)
    const identifier = String.fromCharCode(...sector.subarray(1, 6))
    if (/^NSR0[23]$/.test(identifier)) return true
    if (!/^(BEA01|BOOT2|TEA01|CDW02)$/.test(identifier)) return false
  }
  return false
}

function readDescriptor(sector: Uint8Array): Partial<Descriptors> {
  const type = sector[0]
  if (type === descriptorType.primary) return { primary: primaryVolumeDescriptor.decode(sector) }
  if (type === descriptorType.supplementary) {
    const joliet = jolietVolumeDescriptor.decode(sector)
    return isJoliet(joliet.escapeSequences) ? { joliet } : {}
  }
  if (type !== descriptorType.boot) return {}
  const { bootSystemIdentifier, catalogLba } = bootRecord.decode(sector)
  return bootSystemIdentifier === BOOT_SYSTEM ? { catalogLba } : {}
}

/** %/@, %/C and %/E: UCS-2 at level 1, 2 and 3 (Joliet). */
function isJoliet(escapeSequences: Uint8Array): boolean {
  return /^%\/[@CE]/.test(String.fromCharCode(...escapeSequences.subarray(0, 3)))
}

function complete(found: Partial<Descriptors>, udf: boolean): Descriptors {
  const { primary } = found
  if (!primary) {
    throw new IsoError('ROS_ISO_FORMAT', 'no primary volume descriptor', { subject: `sector ${FIRST}` })
  }
  if (primary.logicalBlockSize !== 2048) {
    throw new IsoError('ROS_ISO_FORMAT', 'logical block size is not supported', {
      subject: 'primary volume descriptor',
      got: String(primary.logicalBlockSize),
      limit: '2048',
    })
  }
  return { ...found, primary, udf }
}
