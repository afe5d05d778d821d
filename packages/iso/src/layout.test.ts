import { collect, fromBytes, fromText, zeros } from '@ros/bytes'
import { directory, file, symlink, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { edgeTree, isoBytes, pattern } from '../test/sample-tree.ts'
import { describeLayout, type IsoBoot, type IsoOptions, layoutIso, writeIso } from './index.ts'

const options: IsoOptions = { volumeId: 'TEST', created: 0 }
const bios = { image: 'boot.bin', catalog: 'boot.cat' }
const GUID = '01234567-89ab-cdef-0123-456789abcdef'
const hybrid = { mbr: new Uint8Array(432), diskId: 1 }

function bootable(size = 3000): Tree {
  const image = pattern(size, 1)
  image.set([0xfb, 0xc0, 0x78, 0x70], 64)
  return new Tree().add('boot.bin', file(fromBytes(image)))
}

const withBoot = (boot: Partial<IsoBoot> = {}): IsoOptions => ({ ...options, boot: { bios, ...boot } })
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('areas', () => {
  test('lie back to back from the first sector to the last, each owner once', () => {
    const { areas, sectorCount, size } = layoutIso(edgeTree(), options)
    let next = 0
    for (const area of areas) {
      expect(area.lba).toBe(next)
      expect(Math.ceil(area.size / 2048)).toBe(area.sectorCount)
      next += area.sectorCount
    }
    expect(next).toBe(sectorCount)
    expect(size).toBe(sectorCount * 2048)
    expect(new Set(areas.map(({ owner }) => owner)).size).toBe(areas.length)
  })

  test('are printed with a line each', () => {
    const tree = new Tree().add('a', file(fromText('text')))
    expect(describeLayout(layoutIso(tree, options))).toMatchInlineSnapshot(`
      " 0 … 15  32768 bytes  system area
      16 … 16   2048 bytes  primary volume descriptor
      17 … 17   2048 bytes  Joliet volume descriptor
      18 … 18   2048 bytes  volume descriptor set terminator
      19 … 19     10 bytes  path table L
      20 … 20     10 bytes  path table M
      21 … 21   2048 bytes  directory /
      22 … 22    183 bytes  continuation area
      23 … 23     10 bytes  Joliet path table L
      24 … 24     10 bytes  Joliet path table M
      25 … 25   2048 bytes  Joliet directory /
      26 … 26      4 bytes  file /a
      "
    `)
  })

  test('names of one node share its sectors', () => {
    const node = file(fromBytes(pattern(10_000, 2)))
    const one = layoutIso(new Tree().add('a', node), options)
    expect(layoutIso(new Tree().add('a', node).add('b', node), options).size).toBe(one.size)
  })

  test('are not read before they are written', () => {
    const content = { size: 1e12, open: () => expect.unreachable() }
    expect(layoutIso(new Tree().add('large', file(content)), options).size).toBeGreaterThan(1e12)
  })
})

describe('layoutIso', () => {
  test('leaves the tree and the boot image as they are', async () => {
    const tree = bootable()
    const before = await collect(
      (tree.get('boot.bin') as { content: ReturnType<typeof fromBytes> }).content.open(),
      3000,
    )
    const copy = before.slice()
    await isoBytes(tree, withBoot())
    expect(before).toEqual(copy)
    expect([...tree].map(({ path }) => path)).toEqual(['boot.bin'])
  })

  test.each<[string, string, Partial<IsoOptions>]>([
    ['no volume id', 'ROS_ISO_FIELD', { volumeId: '' }],
    ['33 characters', 'ROS_ISO_FIELD', { volumeId: 'x'.repeat(33) }],
    ['17 characters with Joliet', 'ROS_ISO_FIELD', { volumeId: 'x'.repeat(17) }],
    ['not ASCII', 'ROS_ISO_FIELD', { volumeId: 'é' }],
    ['a publisher of 129 characters', 'ROS_ISO_FIELD', { publisher: 'x'.repeat(129) }],
    ['a time of 2156', 'ROS_ISO_DATE', { created: 5_869_584_000 }],
    ['a thousandth of a second', 'ROS_ISO_DATE', { created: 0.001 }],
    ['a boot image that is not there', 'ROS_ISO_BOOT', { boot: { bios } }],
  ])('refuses %s', (_, expected, given) => {
    expect(() => layoutIso(new Tree(), { ...options, ...given })).toThrow(code(expected))
  })

  test('takes the longest texts', () => {
    const long = { volumeId: 'x'.repeat(32), publisher: 'x'.repeat(128), preparer: 'x'.repeat(128) }
    expect(layoutIso(new Tree(), { ...options, ...long, joliet: false }).size).toBeGreaterThan(0)
    const joliet = { volumeId: 'x'.repeat(32), jolietVolumeId: 'é'.repeat(16), publisher: 'x'.repeat(64) }
    expect(layoutIso(new Tree(), { ...options, ...joliet }).size).toBeGreaterThan(0)
  })

  test.each<[string, Partial<IsoBoot>]>([
    ['a load of no sectors', { bios: { ...bios, loadSectors: 0 } }],
    ['a load of 65536 sectors', { bios: { ...bios, loadSectors: 65_536 } }],
    ['boot code of 431 bytes', { hybrid: { ...hybrid, mbr: new Uint8Array(431) } }],
    ['a disk id of 33 bits', { hybrid: { ...hybrid, diskId: 2 ** 32 } }],
    ['a partition that starts in the system area', { hybrid: { ...hybrid, partitionOffset: 15 } }],
    [
      'a GPT whose first partition starts with the image',
      { hybrid: { ...hybrid, partitionOffset: 0, gpt: { diskGuid: GUID, partitionGuids: [GUID, GUID] } } },
    ],
    [
      'what is no GUID',
      { hybrid: { ...hybrid, gpt: { diskGuid: GUID.slice(1), partitionGuids: [GUID, GUID] } } },
    ],
    ['an empty EFI system partition', { uefi: { esp: zeros(0) } }],
    ['an EFI system partition of no whole sector', { uefi: { esp: zeros(1000) } }],
    ['an EFI system partition of 2 TiB', { uefi: { esp: zeros(0x1_0000_0000 * 512) } }],
  ])('refuses %s', (_, boot) => {
    expect(() => layoutIso(bootable(), withBoot(boot))).toThrow(code('ROS_ISO_FIELD'))
  })

  test.each(['boot.bin', 'nowhere/boot.cat', ''])('refuses a catalogue at %j', (catalog) => {
    const boot = { bios: { ...bios, catalog } }
    expect(() => layoutIso(bootable(), withBoot(boot))).toThrow(code('ROS_ISO_BOOT'))
  })

  test('refuses a name of 256 bytes, a target of 4096, a time before 1900', () => {
    const refused = (tree: Tree, expected: string) =>
      expect(() => layoutIso(tree, options)).toThrow(code(expected))
    refused(new Tree().add('é'.repeat(128), directory()), 'ROS_ISO_NAME')
    refused(new Tree().add('link', symlink('x'.repeat(4096))), 'ROS_ISO_NAME')
    refused(new Tree().add('old', directory({ mtime: -2_208_988_801 })), 'ROS_ISO_DATE')
  })

  test('refuses 65536 directories and takes 65535', () => {
    const tree = new Tree()
    for (let i = 0; i < 65_534; i++) tree.add(`d${i}`, directory())
    expect(layoutIso(tree, { ...options, joliet: false }).size).toBeGreaterThan(0)
    tree.add('one-more', directory())
    expect(() => layoutIso(tree, options)).toThrow(code('ROS_ISO_LIMIT'))
  })

  test('refuses an image of more than 2³² − 1 sectors', () => {
    const tree = new Tree()
    for (let i = 0; i < 9; i++) tree.add(`f${i}`, file(zeros(2 ** 40)))
    expect(() => layoutIso(tree, options)).toThrow(code('ROS_ISO_LIMIT'))
  })
})

describe('writeIso', () => {
  test('gives the same bytes from sources with and without a fast path', async () => {
    const bytes = pattern(3_000_000, 3)
    const slow = {
      size: bytes.length,
      async *open() {
        for (let i = 0; i < bytes.length; i += 70_001)
          yield bytes.subarray(i, Math.min(i + 70_001, bytes.length))
      },
    }
    const fast = await isoBytes(new Tree().add('f', file(fromBytes(bytes))), options)
    expect(await isoBytes(new Tree().add('f', file(slow)), options)).toEqual(fast)
  })

  test('gives the same bytes when two buffers take turns, for code that copies each chunk', async () => {
    const tree = new Tree().add('f', file(fromBytes(pattern(5_000_000, 3)))).add('g', file(fromText('g')))
    const copies: Uint8Array[] = []
    for await (const chunk of writeIso(layoutIso(tree, options), { reuseBuffers: true }))
      copies.push(chunk.slice())
    expect(Buffer.concat(copies).equals(await isoBytes(tree, options))).toBe(true)
  })

  test.each([4999, 5001])('throws when a source of 5000 bytes gives %i', async (given) => {
    const wrong = {
      size: 5000,
      async *open() {
        yield new Uint8Array(given)
      },
    }
    const written = isoBytes(new Tree().add('wrong', file(wrong)), options)
    await expect(written).rejects.toThrow(code('ROS_ISO_CONTENT'))
    await expect(written).rejects.toThrow(/file \/wrong.*5000 bytes/)
  })

  test('names the file whose source fails', async () => {
    const failing = {
      size: 10,
      open: () => expect.unreachable(),
      readInto() {
        throw new Error('disk on fire')
      },
    }
    const written = isoBytes(new Tree().add('failing', file(failing)), options)
    await expect(written).rejects.toThrow(/file \/failing.*disk on fire/)
  })

  test('refuses, before its first byte, to make a hybrid of what is no isolinux', async () => {
    const tree = new Tree().add('boot.bin', file(fromBytes(pattern(3000, 1))))
    await expect(isoBytes(tree, withBoot({ hybrid }))).rejects.toThrow(code('ROS_ISO_BOOT'))
  })

  test('refuses a boot info table in an image of less than 64 bytes', async () => {
    const tree = new Tree().add('boot.bin', file(fromBytes(new Uint8Array(63))))
    await expect(isoBytes(tree, withBoot())).rejects.toThrow(code('ROS_ISO_BOOT'))
    const without = withBoot({ bios: { ...bios, bootInfoTable: false } })
    expect((await isoBytes(tree, without)).length).toBeGreaterThan(0)
  })

  test('writes the bytes that a hybrid image with an EFI system partition is known by', async () => {
    const esp = pattern(3 * 512, 4)
    const layout = layoutIso(bootable(), withBoot({ hybrid, uefi: { esp: fromBytes(esp) } }))
    const image = Buffer.from(await collect(writeIso(layout), layout.size))
    const lbaOf = (name: string) => layout.areas.find(({ owner }) => owner === name)?.lba ?? 0
    const partition = lbaOf('EFI system partition')
    expect([partition, layout.size]).toEqual([512, 2 * 1_048_576])
    expect(new Uint8Array(image.subarray(partition * 2048, partition * 2048 + esp.length))).toEqual(esp)
    expect(image.subarray(446, 462).toString('hex')).toBe('80020100173f200040000000c0070000')
    expect(image.subarray(462, 478).toString('hex')).toBe('00000101ef0003010008000003000000')
    const catalog = image.subarray(lbaOf('file /boot.cat') * 2048)
    expect(catalog.subarray(64, 68).toString('hex')).toBe('91ef0100')
    expect(catalog.subarray(96, 108).toString('hex')).toBe('880000000000030000020000')
    // The second set of descriptors, for the partition: it counts its sectors from 16.
    expect(lbaOf('partition 1: primary volume descriptor')).toBe(32)
    const second = image.subarray(32 * 2048)
    expect(second.subarray(0, 6).toString('latin1')).toBe('\x01CD001')
    expect(second.readUInt32LE(80)).toBe(512 - 16)
    expect(second.readUInt32LE(158)).toBe(lbaOf('partition 1: directory /') - 16)
    expect(second.readUInt32LE(140)).toBe(lbaOf('partition 1: path table L') - 16)
  })

  test('a CD alone has its EFI system partition right behind the files', () => {
    const layout = layoutIso(bootable(), withBoot({ uefi: { esp: fromBytes(pattern(512, 4)) } }))
    expect(layout.areas.at(-1)).toMatchObject({ owner: 'EFI system partition', lba: layout.sectorCount - 1 })
    expect(layout.areas.some(({ owner }) => owner.startsWith('partition 1'))).toBe(false)
  })

  test('writes the bytes that a hybrid image is known by', async () => {
    const given = { mbr: pattern(432, 7), diskId: 0x1234_5678 }
    const layout = layoutIso(bootable(), withBoot({ hybrid: given }))
    const image = Buffer.from(await collect(writeIso(layout), layout.size))
    const lba = layout.areas.find(({ owner }) => owner === 'file /boot.bin')?.lba ?? 0
    expect(new Uint8Array(image.subarray(0, 432))).toEqual(given.mbr)
    expect(image.readBigUInt64LE(432)).toBe(BigInt(lba * 4))
    expect(image.readUInt32LE(440)).toBe(0x1234_5678)
    expect([...image.subarray(446, 454)]).toEqual([0x80, 0, 1, 0, 0x17, 63, 32, 0])
    expect([image.readUInt32LE(454), image.readUInt32LE(458)]).toEqual([0, 2048])
    expect(image.length).toBe(1_048_576)
    expect([...image.subarray(510, 512)]).toEqual([0x55, 0xaa])
  })
})
