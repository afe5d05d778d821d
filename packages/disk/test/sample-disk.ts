import { fromBytes } from '@ros/bytes'
import { gptAttribute, gptType } from '@ros/partitions'
import { type DiskLayout, layoutDisk } from '../src/index.ts'
import { pattern } from './sample-tree.ts'

export const MIB = 1024 ** 2
export const guid = (last: number) => `5d2b4f0e-9a37-4c1b-8e55-${String(last).padStart(12, '0')}`

/** 24 MiB: two partitions, one of them with content that has a hole and ends inside a sector's neighbour, and free space. */
export function sampleDisk(size = 24 * MIB): DiskLayout {
  const bytes = new Uint8Array(3 * MIB + 1000)
  bytes.set(pattern(70_000, 5))
  bytes.set(pattern(200_000, 6), 2 * MIB + 333)
  bytes[bytes.length - 1] = 1
  return layoutDisk({
    size,
    diskGuid: guid(0),
    bootCode: pattern(440, 1),
    partitions: [
      {
        type: gptType.efiSystem,
        guid: guid(1),
        name: 'ESP – größer',
        size: 8 * MIB,
        content: fromBytes(bytes),
        attributes: [0, gptAttribute.legacyBiosBootable],
      },
      { type: gptType.linux, guid: guid(2), name: 'RANCHER_STATE', size: 'rest' },
    ],
  })
}
