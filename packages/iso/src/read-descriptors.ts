import { IsoError } from './error.ts'
import type { ImageBytes } from './image-bytes.ts'
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
}

const FIRST = 16
// Real sets have three to five; a set without an end must not be followed through the whole image.
const MAX_DESCRIPTORS = 64

/** Reads the set from sector 16 to its terminator. Throws `ROS_ISO_FORMAT` when it is none. */
export async function readDescriptors(image: ImageBytes): Promise<Descriptors> {
  let found: Partial<Descriptors> = {}
  for (let lba = FIRST; lba < FIRST + MAX_DESCRIPTORS; lba++) {
    const subject = `volume descriptor at sector ${lba}`
    const sector = await image.sector(subject, lba)
    if (String.fromCharCode(...sector.subarray(1, 6)) !== 'CD001') {
      throw new IsoError('ROS_ISO_FORMAT', lba === FIRST ? 'not an ISO 9660 image' : 'not a descriptor', {
        subject,
        limit: 'CD001 at byte 1, ECMA-119 §8.1.2',
      })
    }
    if (sector[0] === descriptorType.terminator) return complete(found)
    found = { ...found, ...readDescriptor(sector) }
  }
  throw new IsoError('ROS_ISO_FORMAT', 'volume descriptor set has no terminator', {
    subject: `sector ${FIRST}`,
    limit: `${MAX_DESCRIPTORS} descriptors`,
  })
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

function complete(found: Partial<Descriptors>): Descriptors {
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
  return { ...found, primary }
}
