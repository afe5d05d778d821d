import { createHash } from 'node:crypto'
import { type ByteSource, collect, fromBytes, zeros } from '@ros/bytes'
import { gptType, lintPartitions, readPartitions } from '@ros/partitions'
import { describe, expect, test } from 'vitest'
import { guid, MIB, sampleDisk } from '../test/sample-disk.ts'
import { type DiskOptions, layoutDisk, writeDisk, writeQcow2, writeVhd, writeVmdk } from './index.ts'

const LIMIT = 64 * MIB
const code = (expected: string) => expect.objectContaining({ code: expected })
const whole = (chunks: AsyncIterable<Uint8Array>) => collect(chunks, LIMIT)
const digest = async (chunks: AsyncIterable<Uint8Array>) =>
  createHash('sha256')
    .update(await whole(chunks))
    .digest('hex')
const base: DiskOptions = { size: 4 * MIB, diskGuid: guid(0), partitions: [] }
const partition = { type: gptType.linux, guid: guid(1), name: 'p', size: MIB }

describe('golden', () => {
  test('raw', async () => {
    expect(await digest(writeDisk(sampleDisk()))).toMatchInlineSnapshot(
      `"13355beb2c4016912487f000e2e630980fce80373af3b8ec4ccd667ddf7f88d9"`,
    )
  })
  test('qcow2', async () => {
    expect(await digest(writeQcow2(sampleDisk().content))).toMatchInlineSnapshot(
      `"a0a313b55da38876bcf3dac5337d26f0266d80b0b9a58ee0e2bd416907e98d14"`,
    )
  })
  test('vhd', async () => {
    const options = { id: guid(9), created: 1_700_000_000 }
    expect(await digest(writeVhd(sampleDisk().content, options))).toMatchInlineSnapshot(
      `"ee89d194149bee05254f0dc7d11496aa059c0bc12668426711c7f4fc119deb9a"`,
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
  expect(partitions.map(({ start }) => start)).toEqual([2048, 18_432])
})

test('we read what we wrote, and lint finds nothing', async () => {
  const { content, partitions } = sampleDisk()
  const table = await readPartitions(content)
  expect(table).toMatchObject({ type: 'gpt', diskId: guid(0), copy: 'primary' })
  expect(
    table?.partitions.map(({ type, guid, name, offset, size, attributes = [] }) => {
      return { type, guid, name, start: offset / 512, count: size / 512, attributes }
    }),
  ).toEqual(partitions)
  for await (const finding of lintPartitions(content)) expect(finding).toBeUndefined()
})

test('a disk of nothing but tables', async () => {
  const { areas } = layoutDisk({ ...base, size: 67 * 512 })
  expect(areas.map(({ size }) => size)).toEqual([512, 16_896, 16_896])
  expect(() => layoutDisk({ ...base, size: 66 * 512 })).toThrow(code('ROS_DISK_SPACE'))
})

test.each<[string, Partial<DiskOptions>, string]>([
  ['a size of no whole sector', { size: 4 * MIB + 1 }, 'ROS_DISK_FIELD'],
  ['no GUID', { diskGuid: 'disk' }, 'ROS_PARTITIONS_FIELD'],
  ['a partition without GUID', { partitions: [{ ...partition, guid: '' }] }, 'ROS_PARTITIONS_FIELD'],
  [
    'a name of 37 characters',
    { partitions: [{ ...partition, name: 'n'.repeat(37) }] },
    'ROS_PARTITIONS_FIELD',
  ],
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
    'ROS_PARTITIONS_FIELD',
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
    () => writeVmdk(zeros(0), vmdk),
    () => writeVmdk(disk, { ...vmdk, contentId: 0xffff_ffff }),
    () => writeVmdk(disk, { ...vmdk, name: 'a"b' }),
    () => writeQcow2(zeros(513)),
    () => writeQcow2(disk, { clusterBits: 8 }),
  ])
    expect(write).toThrow(code('ROS_DISK_FIELD'))
  expect(() => writeVhd(disk, { ...vhd, id: 'x' })).toThrow(code('ROS_PARTITIONS_FIELD'))
})
