import { createHash } from 'node:crypto'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { file, symlink } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { edgeTree, fatBytes, newTree, pattern, TIME } from '../test/sample-tree.ts'
import { type FatOptions, layoutFat, writeFat } from './index.ts'

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const code = (expected: string) => expect.objectContaining({ code: expected })
const MIB = 1024 ** 2

test('golden: FAT12, measured', async () => {
  expect(digest(await fatBytes(edgeTree(), { label: 'GOLDEN' }))).toMatchInlineSnapshot(
    `"9af29ec084804dcbc4be760e7a80fc899bce49a991c4d19b5e4c5d765b826249"`,
  )
})

test('golden: FAT32, 40 MiB', async () => {
  const options = { type: 'fat32' as const, size: 40 * MIB, hiddenSectors: 2048 }
  expect(digest(await fatBytes(edgeTree(), options))).toMatchInlineSnapshot(
    `"bc6b60af9a8b0486d6a20aa9e9a656ccca93b9766f6c43ebede25ec65722109c"`,
  )
})

describe('layoutFat', () => {
  test('places areas back to back, each owner once, and prints them', () => {
    const tree = newTree()
      .addDirectories('EFI/BOOT', { mtime: TIME })
      .add('EFI/BOOT/BOOTX64.EFI', file(fromBytes(pattern(3000, 1)), { mtime: TIME }))
      .add('empty', file(fromText(''), { mtime: TIME }))
    const { areas, size } = layoutFat(tree, { serialNumber: 1, size: 64 * 1024 })
    expect(areas.map(({ owner, offset, size: length }) => `${offset} +${length} ${owner}`)).toEqual([
      '0 +512 reserved sectors',
      '512 +512 FAT 1',
      '1024 +512 FAT 2',
      '1536 +16384 root directory',
      '17920 +512 directory /EFI',
      '18432 +512 directory /EFI/BOOT',
      '18944 +3072 file /EFI/BOOT/BOOTX64.EFI',
      '22016 +43520 free space',
    ])
    expect(size).toBe(64 * 1024)
  })

  test('reads no content before it is written', () => {
    const content = { size: 4_000_000_000, open: () => expect.unreachable() }
    const layout = layoutFat(newTree().add('large', file(content, { mtime: TIME })), { serialNumber: 1 })
    expect(layout.type).toBe('fat32')
    expect(layout.size).toBeGreaterThan(4_000_000_000)
  })

  test('any part of the volume is the same as that part of the whole', async () => {
    const layout = layoutFat(edgeTree(), { serialNumber: 1, type: 'fat32' })
    const whole = await collect(writeFat(layout), 100 * MIB)
    for (const [offset, length] of [
      [0, 512],
      [16_000, 300_000],
      [131_071 + 16_384, 3],
      [whole.length - 1, 1],
      [1_049_000, 200_000],
    ] as const) {
      const part = await collect(layout.content.open(offset, length), MIB)
      expect(digest(part)).toBe(digest(whole.subarray(offset, offset + length)))
    }
  })

  test('says the same twice', async () => {
    expect(digest(await fatBytes(edgeTree()))).toBe(digest(await fatBytes(edgeTree())))
  })

  test.each<[string, Partial<FatOptions>]>([
    ['a serial number of 33 bits', { serialNumber: 2 ** 32 }],
    ['a label of 12 characters', { label: 'TWELVE CHARS' }],
    ['a label in lower case', { label: 'label' }],
    ['an empty label', { label: '' }],
    ['a size of no whole sector', { size: 513 }],
    ['a size of nothing', { size: 0 }],
    ['more than 2^32 sectors', { size: 2 ** 41 + 512 }],
    ['clusters of 768 bytes', { clusterSize: 768 }],
    ['clusters of 64 KiB', { clusterSize: 65_536 }],
    ['FAT32 in 8 MiB', { type: 'fat32', size: 8 * MIB }],
    ['FAT12 in 200 MiB', { type: 'fat12', size: 200 * MIB }],
    ['a size without a cluster', { size: 8192 }],
  ])('refuses %s', (_, given) => {
    expect(() => layoutFat(newTree(), { serialNumber: 1, ...given })).toThrow(code('ROS_DISK_FIELD'))
  })

  test('refuses a tree that does not fit, and says by how much', () => {
    const tree = newTree().add('f', file(fromBytes(new Uint8Array(100_000)), { mtime: TIME }))
    expect(() => layoutFat(tree, { serialNumber: 1, size: 65_536 })).toThrow(code('ROS_DISK_SPACE'))
    expect(() => layoutFat(tree, { serialNumber: 1, size: 65_536 })).toThrow(
      /196 clusters of 512 bytes.*93 clusters/,
    )
  })

  test.each([
    ['a name that ends with a dot', 'name.'],
    ['a name that ends with a space', 'name '],
    ['a colon', 'a:b'],
    ['a control character', 'a\u0001'],
    ['bytes that are not Unicode', 'a\udcff'],
    ['256 units', 'n'.repeat(256)],
  ])('refuses %s', (_, name) => {
    const tree = newTree().add(name, file(fromText(''), { mtime: TIME }))
    expect(() => layoutFat(tree, { serialNumber: 1 })).toThrow(code('ROS_DISK_NAME'))
  })

  test('refuses names that differ only by case', () => {
    const text = () => file(fromText(''), { mtime: TIME })
    const tree = newTree().add('Grub.cfg', text()).add('grub.cfg', text())
    expect(() => layoutFat(tree, { serialNumber: 1 })).toThrow(code('ROS_DISK_NAME'))
  })

  test('refuses what FAT has no form for', () => {
    const at = (mtime: number) => newTree().add('f', file(fromText(''), { mtime }))
    expect(() => layoutFat(newTree().add('l', symlink('x', { mtime: TIME })), { serialNumber: 1 })).toThrow(
      code('ROS_DISK_NODE'),
    )
    for (const mtime of [0, 315_532_799, 4_354_819_200])
      expect(() => layoutFat(at(mtime), { serialNumber: 1 })).toThrow(code('ROS_DISK_DATE'))
    const content = { size: 2 ** 32, open: () => expect.unreachable() }
    expect(() => layoutFat(newTree().add('f', file(content, { mtime: TIME })), { serialNumber: 1 })).toThrow(
      code('ROS_DISK_LIMIT'),
    )
  })
})

describe('writeFat', () => {
  test.each([4999, 5001])('throws when a source of 5000 bytes gives %i', async (given) => {
    const wrong = {
      size: 5000,
      async *open() {
        yield new Uint8Array(given)
      },
    }
    const written = fatBytes(newTree().add('wrong', file(wrong, { mtime: TIME })))
    await expect(written).rejects.toThrow(code('ROS_DISK_CONTENT'))
    await expect(written).rejects.toThrow(/\/wrong.*5000 bytes/)
  })

  test('names the file whose source fails', async () => {
    const failing = {
      size: 10,
      // oxlint-disable-next-line require-yield -- a source that fails at once
      async *open(): AsyncGenerator<Uint8Array> {
        throw new Error('disk on fire')
      },
    }
    const written = fatBytes(newTree().add('failing', file(failing, { mtime: TIME })))
    await expect(written).rejects.toThrow(/\/failing.*disk on fire/)
  })
})
