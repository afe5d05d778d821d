import type { ByteSource } from '@ros/bytes'
import { isGuid } from '@ros/partitions'
import { IsoError } from './error.ts'
import { checkVolumeDate } from './fields.ts'
import type { IsoNames } from './identifier.ts'

/** What varies between images. Times are whole seconds since 1970 UTC; nothing is taken from the running system. */
export interface IsoOptions {
  /** Volume identifier: 1 … 32 printable ASCII characters, 16 with Joliet unless `jolietVolumeId` is given. */
  readonly volumeId: string
  /** Volume identifier of the Joliet descriptor, 1 … 16 characters of the basic plane; default `volumeId`. */
  readonly jolietVolumeId?: string
  /** System identifier: printable ASCII, 32 characters. The Joliet descriptor has the first 16. */
  readonly systemId?: string
  /**
   * Volume set, publisher, preparer and application: printable ASCII, 128 characters. The Joliet descriptor has half the room and
   * holds the first 64.
   */
  readonly volumeSetId?: string
  readonly publisher?: string
  readonly preparer?: string
  readonly application?: string
  /** Creation time of the volume, and the time of the boot catalogue. Hundredths of a second are kept in the descriptors. */
  readonly created: number
  /** Modification time of the volume: what blkid and GRUB make its UUID of. Default `created`. */
  readonly modified?: number
  /**
   * Rock Ridge: names, owners, modes, links and devices for Linux and the BSDs. Default true. Without it symbolic links,
   * devices, fifos and sockets are left out of the image.
   */
  readonly rockRidge?: boolean
  /** Joliet: names for Windows. Links, devices, fifos and sockets do not exist in it. Default true. */
  readonly joliet?: boolean
  /** Rules for names in the primary tree, which Rock Ridge and Joliet do not go by. Default `strict`: ECMA-119 level 2. */
  readonly names?: IsoNames
  readonly boot?: IsoBoot
}

/** An entry for the BIOS, for UEFI firmware, or both; the catalogue's path is in one of them. */
export interface IsoBoot {
  readonly bios?: BiosBoot
  readonly uefi?: UefiBoot
  readonly hybrid?: HybridBoot
}

/** El Torito entry for UEFI firmware, and with `hybrid` a partition for it. */
export interface UefiBoot {
  /** EFI system partition, a FAT volume, put behind the files, in whole sectors of 512 bytes. Firmware is known that refuses more than 32 MiB. */
  readonly esp?: ByteSource
  /** Path of such a volume in the tree, in place of `esp`: an entry of El Torito alone, no partition. */
  readonly image?: string
  /** As of `BiosBoot`, for an image without an entry for the BIOS. */
  readonly catalog?: string
}

/** El Torito entry for the BIOS, without emulation. */
export interface BiosBoot {
  /** Path of the boot image in the tree (`boot/isolinux/isolinux.bin`). */
  readonly image: string
  /** Path at which the writer puts the boot catalogue. Its directory must be in the tree, the path must be free. */
  readonly catalog: string
  /** How much of the image the BIOS loads, in 512-byte sectors: 1 … 65535. Default 4. */
  readonly loadSectors?: number
  /** Patch bytes 8 … 63 of the image as isolinux expects, while it is written. Default true. */
  readonly bootInfoTable?: boolean
  /** Patch bytes 2548 … 2555 of the image as GRUB's `eltorito.img` expects. Default false. */
  readonly grubBootInfo?: boolean
}

/** A master boot record that lets the same bytes boot as a disk, made as `isohybrid` of syslinux does. */
export interface HybridBoot {
  /** Boot code: the 432 bytes of isohdpfx.bin or of GRUB's boot_hybrid.img; 440 bytes of any with `loader: 'none'`. */
  readonly mbr: Uint8Array
  /** Whose code it is, and so what it is told: isolinux's first sector, the second one of GRUB's image, nothing. Default isolinux. */
  readonly loader?: 'isolinux' | 'grub' | 'none'
  /** Type of partition 1 in the MBR. Default 0x17. */
  readonly partitionType?: number
  /** Partitions behind the EFI system partition, not with `gpt`: two of them, three without that one. */
  readonly appended?: readonly AppendedPartition[]
  /** Disk signature at byte 440, 32 bits. */
  readonly diskId: number
  /**
   * Sector at which partition 1 starts, 16 … 65535: it then has volume descriptors, path tables and directories of its own, so that it
   * can be mounted like the whole. 0: it starts with the image. Default 16 with `uefi` or
   * `gpt`, which want partitions that checkers find in order, else 0.
   */
  readonly partitionOffset?: number
  /** A GUID partition table in place of the MBR's. No partition is then marked active, which some old BIOSes want. */
  readonly gpt?: GptOptions
}

/** A partition with a content of its own behind the files, which is filled up to whole sectors. */
export interface AppendedPartition {
  /** Type in the MBR: 0x83 for Linux. */
  readonly type: number
  readonly content: ByteSource
}

/** Identifiers of a GUID partition table, each 8-4-4-4-12 hexadecimal digits. */
export interface GptOptions {
  readonly diskGuid: string
  /** Of the file system and of the EFI system partition. */
  readonly partitionGuids: readonly [string, string]
}

export function partitionOffset({ hybrid, uefi }: IsoBoot): number {
  return hybrid ? (hybrid.partitionOffset ?? (uefi || hybrid.gpt ? 16 : 0)) : 0
}

/** Throws `ROS_ISO_FIELD` or `ROS_ISO_DATE` for an option that the image cannot hold. */
export function checkOptions(options: IsoOptions): void {
  const joliet = options.joliet ?? true
  checkText('volumeId', options.volumeId, 1, 32)
  const jolietVolumeId = options.jolietVolumeId ?? options.volumeId
  if (
    joliet &&
    (jolietVolumeId.length < 1 || jolietVolumeId.length > 16 || /\p{Cs}|\p{Cc}/u.test(jolietVolumeId))
  ) {
    throw new IsoError('ROS_ISO_FIELD', 'volume identifier does not fit the Joliet descriptor', {
      subject: options.jolietVolumeId === undefined ? 'volumeId' : 'jolietVolumeId',
      got: JSON.stringify(jolietVolumeId),
      limit: '1 … 16 UCS-2 characters',
      hint: 'give a shorter jolietVolumeId, or joliet: false',
    })
  }
  for (const name of ['publisher', 'preparer', 'application'] as const)
    checkText(name, options[name] ?? '', 0, 128)
  checkText('volumeSetId', options.volumeSetId ?? '', 0, 128)
  checkText('systemId', options.systemId ?? '', 0, 32)
  checkVolumeDate(options.created, 'created')
  checkVolumeDate(options.modified ?? options.created, 'modified')
  const names = options.names ?? 'strict'
  if (!['level-1', 'strict', 'relaxed'].includes(names)) {
    throw new IsoError('ROS_ISO_FIELD', 'no such rules for names', {
      subject: 'names',
      got: JSON.stringify(names),
      limit: 'level-1, strict, relaxed',
    })
  }
  if (options.boot) checkBoot(options.boot)
}

function checkText(subject: string, text: string, min: number, max: number): void {
  if (text.length >= min && text.length <= max && /^[\x20-\x7e]*$/.test(text)) return
  throw new IsoError('ROS_ISO_FIELD', 'text does not fit the volume descriptor', {
    subject,
    got: JSON.stringify(text),
    limit: `${min} … ${max} printable ASCII characters`,
  })
}

/** Path at which the catalogue goes. */
export function catalogPath({ bios, uefi }: IsoBoot): string {
  return bios?.catalog ?? uefi?.catalog ?? ''
}

function checkBoot({ bios, uefi, hybrid }: IsoBoot): void {
  if (!bios && !uefi) throw bootError('boot', 'neither bios nor uefi', 'one of them, or both')
  if (uefi && (uefi.esp === undefined) === (uefi.image === undefined))
    throw bootError('boot.uefi', uefi.esp ? 'esp and image' : 'neither esp nor image', 'one of them')
  checkWhole('boot.bios.loadSectors', bios?.loadSectors ?? 4, 1, 0xffff)
  if (uefi?.esp) checkWhole('512-byte sectors of boot.uefi.esp', uefi.esp.size / 512, 1, 0xffff_ffff)
  if (!hybrid) return
  const appended = hybrid.appended ?? []
  checkWhole('number of boot.hybrid.appended', appended.length, 0, hybrid.gpt ? 0 : uefi?.esp ? 2 : 3)
  for (const { type, content } of appended) {
    checkWhole('type of boot.hybrid.appended', type, 1, 0xff)
    checkWhole('size of boot.hybrid.appended', content.size, 1, 2 ** 40)
  }
  checkWhole('boot.hybrid.partitionType', hybrid.partitionType ?? 0x17, 1, 0xff)
  checkWhole('boot.hybrid.diskId', hybrid.diskId, 0, 0xffff_ffff)
  const code = hybrid.loader === 'none' ? 440 : 432
  checkWhole('length of boot.hybrid.mbr', hybrid.mbr.length, code, code)
  const { gpt, partitionOffset: offset } = hybrid
  if (offset || gpt) checkWhole('boot.hybrid.partitionOffset', offset ?? 16, 16, 0xffff)
  if (!gpt) return
  checkGuid('boot.hybrid.gpt.diskGuid', gpt.diskGuid)
  for (const guid of gpt.partitionGuids) checkGuid('boot.hybrid.gpt.partitionGuids', guid)
}

function checkWhole(subject: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return
  throw new IsoError('ROS_ISO_FIELD', 'number out of range', {
    subject,
    got: String(value),
    limit: `${min} … ${max}`,
  })
}

function bootError(subject: string, got: string, limit: string): IsoError {
  return new IsoError('ROS_ISO_FIELD', 'boot entries are not complete', { subject, got, limit })
}

function checkGuid(subject: string, guid: string): void {
  if (isGuid(guid)) return
  throw new IsoError('ROS_ISO_FIELD', 'not a GUID', {
    subject,
    got: JSON.stringify(guid),
    limit: '8-4-4-4-12 hexadecimal digits',
  })
}
