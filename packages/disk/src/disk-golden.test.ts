import { createHash } from 'node:crypto'
import { type ByteSource, collect, fromBytes, zeros } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { cut, guid, MIB, sampleDisk } from '../test/sample-disk.ts'
import { pattern } from '../test/sample-tree.ts'
import {
  type DiskOptions,
  encodeMbr,
  gptType,
  layoutDisk,
  readGpt,
  writeDisk,
  writeQcow2,
  writeVhd,
  writeVmdk,
} from './index.ts'

const LIMIT = 64 * MIB
const code = (expected: string) => expect.objectContaining({ code: expected })
const whole = (chunks: AsyncIterable<Uint8Array>) => collect(chunks, LIMIT)
const digest = async (chunks: AsyncIterable<Uint8Array>) =>
  createHash('sha256')
    .update(await whole(chunks))
    .digest('hex')
const base: DiskOptions = { size: 4 * MIB, diskGuid: guid(0), partitions: [] }
const partition = { type: gptType.linuxData, guid: guid(1), name: 'p', size: MIB }

describe('golden', () => {
  test('raw', async () => {
    expect(await digest(writeDisk(sampleDisk()))).toMatchInlineSnapshot(
      `"ded852f8503bb22e2a9ce032889981de9767156d3385930f72adb3664e3cf64c"`,
    )
  })
  test('qcow2', async () => {
    expect(await digest(writeQcow2(sampleDisk().content))).toMatchInlineSnapshot(
      `"38aadd9324a135d033297b396e29675c54e79dd8b0c60ad167ab54bf8decbcb1"`,
    )
  })
  test('vhd', async () => {
    const options = { id: guid(9), created: 1_700_000_000 }
    expect(await digest(writeVhd(sampleDisk().content, options))).toMatchInlineSnapshot(
      `"eeefc48bf739154fbee556042ddad8d98d70dd6a366791f2e4c6c086157ab157"`,
    )
  })
})

test('areas lie back to back and have an owner each', () => {
  const { areas, size, partitions } = sampleDisk()
  expect(areas.map(({ owner, offset, size: length }) => `${offset} +${length} ${owner}`)).toEqual([
    '0 +512 protective MBR',
    '512 +16896 GPT',
    `17408 +${MIB - 17_408} free space`,
    `${MIB} +${8 * MIB} partition 1, ESP – größer`,
    `${9 * MIB} +${15 * MIB - 33 * 512} partition 2, RANCHER_STATE`,
    `${24 * MIB - 33 * 512} +16896 backup GPT`,
  ])
  expect(size).toBe(24 * MIB)
  expect(partitions.map(({ firstSector }) => firstSector)).toEqual([2048, 18_432])
})

test('we read what we wrote; either copy of the table is enough', async () => {
  const layout = sampleDisk()
  const { partitions } = layout
  const expected = partitions.map((placed, index) => ({ ...placed, number: index + 1 }))
  const sorted = (disk: Awaited<ReturnType<typeof readGpt>>) =>
    disk.partitions.map((found) => ({ ...found, attributes: found.attributes.toSorted() }))
  const wanted = expected.map((placed) => ({ ...placed, attributes: [...placed.attributes].sort() }))
  const read = await readGpt(layout.content)
  expect(read).toMatchObject({ diskGuid: guid(0), primary: true, backup: true })
  expect(sorted(read)).toEqual(wanted)

  const damaged = await whole(writeDisk(layout))
  damaged[512 + 60] = (damaged[512 + 60] ?? 0) + 1
  const fromBackup = await readGpt(fromBytes(damaged))
  expect(fromBackup).toMatchObject({ primary: false, backup: true })
  expect(sorted(fromBackup)).toEqual(wanted)
  expect(await readGpt(cut(layout, 24 * MIB - 512))).toMatchObject({ primary: true, backup: false })
  damaged.fill(0, 24 * MIB - 512)
  await expect(readGpt(fromBytes(damaged))).rejects.toThrow(/other|another checksum/)
})

test('a disk of nothing but tables', async () => {
  const { areas } = layoutDisk({ ...base, size: 67 * 512 })
  expect(areas.map(({ size }) => size)).toEqual([512, 16_896, 16_896])
  expect(() => layoutDisk({ ...base, size: 66 * 512 })).toThrow(code('ROS_DISK_SPACE'))
})

test.each<[string, Partial<DiskOptions>, string]>([
  ['a size of no whole sector', { size: 4 * MIB + 1 }, 'ROS_DISK_FIELD'],
  ['no GUID', { diskGuid: 'disk' }, 'ROS_DISK_FIELD'],
  ['a partition without GUID', { partitions: [{ ...partition, guid: '' }] }, 'ROS_DISK_FIELD'],
  ['a name of 37 characters', { partitions: [{ ...partition, name: 'n'.repeat(37) }] }, 'ROS_DISK_FIELD'],
  ['a partition of nothing', { partitions: [{ ...partition, size: 0 }] }, 'ROS_DISK_FIELD'],
  ['rest before the last', { partitions: [{ ...partition, size: 'rest' }, partition] }, 'ROS_DISK_FIELD'],
  [
    'no rest left',
    {
      partitions: [
        { ...partition, size: 3 * MIB - 33 * 512 },
        { ...partition, size: 'rest' },
      ],
    },
    'ROS_DISK_SPACE',
  ],
  ['more than there is room for', { partitions: [{ ...partition, size: 3 * MIB }] }, 'ROS_DISK_SPACE'],
  [
    'content larger than its partition',
    { partitions: [{ ...partition, content: zeros(MIB + 1) }] },
    'ROS_DISK_SPACE',
  ],
  [
    '129 partitions',
    { size: 200 * MIB, partitions: Array.from({ length: 129 }, () => partition) },
    'ROS_DISK_FIELD',
  ],
  ['boot code of 441 bytes', { bootCode: new Uint8Array(441) }, 'ROS_DISK_FIELD'],
])('refuses %s', (_, given, expected) => {
  expect(() => layoutDisk({ ...base, ...given })).toThrow(code(expected))
})

test('content of another length than it said is an error', async () => {
  const lying: ByteSource = { size: 1000, open: () => fromBytes(new Uint8Array(999)).open() }
  const layout = layoutDisk({ ...base, partitions: [{ ...partition, content: lying }] })
  await expect(whole(writeDisk(layout))).rejects.toThrow(code('ROS_DISK_CONTENT'))
})

test('containers refuse what they cannot hold, at once', () => {
  const disk = zeros(MIB)
  const vhd = { id: guid(1), created: 1_700_000_000 }
  const vmdk = { contentId: 1, name: 'a.vmdk' }
  for (const write of [
    () => writeVhd(zeros(513), vhd),
    () => writeVhd(disk, { ...vhd, created: 0 }),
    () => writeVhd(disk, { ...vhd, id: 'x' }),
    () => writeVmdk(zeros(0), vmdk),
    () => writeVmdk(disk, { ...vmdk, contentId: 0xffff_ffff }),
    () => writeVmdk(disk, { ...vmdk, name: 'a"b' }),
    () => writeQcow2(zeros(513)),
    () => writeQcow2(disk, { clusterBits: 8 }),
    () => encodeMbr({ partitions: [{ type: 1, firstSector: 2 ** 32 - 1, sectorCount: 2 }] }),
    () => encodeMbr({ partitions: [], bootCode: new Uint8Array(441) }),
  ])
    expect(write).toThrow(code('ROS_DISK_FIELD'))
})

describe('hostile tables', () => {
  const change = async (offset: number, bytes: Uint8Array) => {
    const image = await whole(writeDisk(sampleDisk()))
    image.fill(0, 24 * MIB - 512)
    image.set(bytes, offset)
    return fromBytes(image)
  }
  test.each<[string, number, Uint8Array]>([
    ['header size', 512 + 12, Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ['header checksum', 512 + 16, pattern(4, 1)],
    ['entry count', 512 + 80, Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ['entries', 1024, pattern(16, 2)],
  ])('%s', async (_, offset, bytes) => {
    await expect(readGpt(await change(offset, bytes))).rejects.toThrow(code('ROS_DISK_FORMAT'))
  })
  test('nothing at all', async () => {
    for (const size of [0, 1, 511, 512, 1024, 1536, 20_000])
      await expect(readGpt(zeros(size))).rejects.toThrow(code('ROS_DISK_FORMAT'))
  })
})
