import type { ByteSource } from '@ros/bytes'
import { type Digest, sha256Text } from '@ros/bytes/node'
import { type DiskLayout, layoutDisk, writeDisk, writeQcow2, writeVhd, writeVmdk } from '@ros/disk'
import { gptAttribute, gptType } from '@ros/partitions'
import type { BuildContext } from '../build.ts'
import { DistroError } from '../error.ts'
import { bootVolume, bootVolumeSize, type SystemFiles } from './boot-volume.ts'

const MIB = 1_048_576
/** `ros` finds the volumes by these names. */
const BOOT_NAME = 'RANCHER_BOOT'
const STATE_NAME = 'RANCHER_STATE'
/** Of a state partition that is to be stretched and formatted: a bit that UEFI leaves to the type. */
const UNFORMATTED = 48
/** Below that the first boot could not unpack the system. */
const MIN_STATE = 1024 * MIB

/** Every form of disk image, by the ending of its file: raw, QEMU, VMware, Hyper-V. */
export const diskFormats = ['img', 'qcow2', 'vmdk', 'vhd'] as const
/** A form of disk image that `build` writes. */
export type DiskFormat = (typeof diskFormats)[number]

export interface DiskStep {
  readonly layout: DiskLayout
  /** `rancheros.<format>` as it is written; the raw image is best written sparse. */
  write(format: DiskFormat): AsyncIterable<Uint8Array>
}

/**
 * The system on a disk: a boot volume for BIOS and UEFI, and an empty partition RANCHER_STATE, which `ros` stretches to the end of whatever
 * disk it is on, and formats, at its first start. Throws `ROS_DISTRO_INPUT` when the recipe's size is too small for the system.
 */
export async function buildDisk(
  context: BuildContext,
  system: SystemFiles,
  buildId: Digest,
): Promise<DiskStep> {
  const { recipe, time } = context
  const id = sha256Text(JSON.stringify(['disk', buildId, recipe.initrd, recipe.disk]))
  const size = recipe.disk.size * MIB
  const bootSize = bootVolumeSize(system)
  if (size < bootSize + MIN_STATE) {
    throw new DistroError('ROS_DISTRO_INPUT', 'the disk is too small for the system', {
      subject: 'disk.size',
      got: `${recipe.disk.size} MiB`,
      limit: `at least ${(bootSize + MIN_STATE) / MIB} MiB`,
    })
  }
  const serialNumber = Number.parseInt(id.slice('sha256:'.length, 'sha256:'.length + 8), 16)
  const { layout: volume, bootCode } = await bootVolume(context, { size: bootSize, serialNumber, system })
  const layout = layoutDisk({
    size,
    diskGuid: guidOf(id, 'disk'),
    ...(bootCode && { bootCode }),
    partitions: [
      {
        type: gptType.efiSystem,
        guid: guidOf(id, BOOT_NAME),
        name: BOOT_NAME,
        content: volume.content,
        ...(bootCode && { attributes: [gptAttribute.legacyBiosBootable] }),
      },
      {
        type: gptType.linux,
        guid: guidOf(id, STATE_NAME),
        name: STATE_NAME,
        size: 'rest',
        attributes: [UNFORMATTED],
      },
    ],
  })
  const disk: ByteSource = layout.content
  return {
    layout,
    write(format) {
      switch (format) {
        case 'img':
          return writeDisk(layout)
        case 'qcow2':
          return writeQcow2(disk)
        case 'vmdk':
          return writeVmdk(disk, { contentId: serialNumber % 0xffff_fffe, name: 'rancheros.vmdk' })
        case 'vhd':
          return writeVhd(disk, { id: guidOf(id, 'vhd'), created: time })
      }
    },
  }
}

/** A GUID that hangs on its arguments only, of version 8: "vendor-specific" (RFC 9562, §5.8). */
function guidOf(id: Digest, name: string): string {
  const hex = sha256Text(`${id} ${name}`).slice('sha256:'.length)
  const variant = '89ab'[Number.parseInt(hex.slice(16, 17), 16) % 4]
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`]
  return [...parts, hex.slice(20, 32)].join('-')
}
