import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { slice } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import type { Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { addIsolinux, bootOptions, edgeTree, treeValues } from '../test/sample-tree.ts'
import { type IsoLayout, type IsoOptions, layoutIso, readIso, writeIso } from './index.ts'

const SECTOR = 2048
const OFFSET = 16
let folder: string
let image: string
let partition: string
let tree: Tree
let options: IsoOptions
let layout: IsoLayout
let espLba: number

async function run(...command: readonly [string, ...string[]]): Promise<string> {
  const [program, ...args] = command
  const { exitCode, text } = await runTool(program, args)
  expect(exitCode, text).toBe(0)
  return text
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iso-uefi-'))
  image = join(folder, 'uefi.iso')
  partition = join(folder, 'partition1.iso')
  const esp = join(folder, 'esp.img')
  await run('mkfs.vfat', '-C', '--invariant', esp, '1440')
  await run('mcopy', '-i', esp, new URL(import.meta.url).pathname, '::inside.txt')
  tree = addIsolinux(edgeTree())
  const base = bootOptions()
  if (!base.boot) throw new Error('the sample does not boot')
  options = { ...base, boot: { ...base.boot, uefi: { esp: fileSource(esp) } } }
  layout = layoutIso(tree, options)
  espLba = layout.areas.find(({ owner }) => owner === 'EFI system partition')?.lba ?? 0
  await replaceFile(image, writeIso(layout, { reuseBuffers: true }))
  const source = fileSource(image)
  const content = slice(source, OFFSET * SECTOR, (espLba - OFFSET) * SECTOR)
  await replaceFile(partition, content.open())
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the image as a disk', () => {
  test('sfdisk finds both partitions and no fault', async () => {
    expect(await run('sfdisk', '-V', image)).toContain('No errors detected.')
    const table = await run('sfdisk', '-d', image)
    expect(table).toMatch(
      new RegExp(`start= +${4 * OFFSET}, size= +${4 * (espLba - OFFSET)}, type=17, bootable`),
    )
    expect(table).toMatch(new RegExp(`start= +${4 * espLba}, size= +2880, type=ef$`, 'm'))
  })

  test('sgdisk finds no problem', async () => {
    expect(await run('sgdisk', '-v', image)).toContain('No problems found.')
  })

  test('the partition for the firmware is the volume that was given', async () => {
    expect(await run('mdir', '-b', '-i', `${image}@@${espLba * SECTOR}`, '::')).toBe('::/inside.txt\n')
    expect(espLba % 512).toBe(0) // a whole MiB
  })

  test('blkid names file system and partition table', async () => {
    const text = await run('blkid', '-p', '-o', 'export', image)
    expect(text).toContain('TYPE=iso9660')
    expect(text).toContain('PTTYPE=dos')
  })
})

describe('the image as a CD', () => {
  test('xorriso finds an entry for the BIOS and one for UEFI, and the partitions', async () => {
    const report = ['-report_el_torito', 'plain', '-report_system_area', 'plain']
    const text = await run('xorriso', '-indev', image, ...report)
    expect(text).not.toMatch(/: (WARNING|SORRY|FAILURE|FATAL) :/)
    expect(text).toMatch(/El Torito boot img : +1 +BIOS +y +none +0x0000 +0x00 +4 +\d+/)
    expect(text).toMatch(
      new RegExp(`El Torito boot img : +2 +UEFI +y +none +0x0000 +0x00 +2880 +${espLba}$`, 'm'),
    )
    expect(text).toMatch(/El Torito img opts : +1 +boot-info-table isohybrid-suitable/)
    expect(text).toMatch(/System area summary: MBR isohybrid cyl-align-on/)
    expect(text).toMatch(/Partition offset +: +16/)
    expect(text).toMatch(/MBR partition +: +1 +0x80 +0x17 +64 +\d+/)
    expect(text).toMatch(new RegExp(`MBR partition +: +2 +0x00 +0xef +${4 * espLba} +2880`))
  })

  test('isoinfo and isovfy find nothing wrong', async () => {
    const text = await run('isoinfo', '-d', '-i', image)
    expect(text).toContain('El Torito VD version 1 found')
    expect(text).toContain('Joliet with UCS level 3 found')
    expect(text).toContain('Rock Ridge signatures version 1 found')
    expect((await run('isovfy', image)).trimEnd().split('\n').at(-1)).toBe('No errors found')
  })

  test('we read the entries and the tree', async () => {
    const read = await readIso(fileSource(image))
    expect(read.bootEntries.map(({ platform, loadSectors }) => [platform, loadSectors])).toEqual([
      ['x86', 4],
      ['efi', 2880],
    ])
    expect(read.bootEntries[1]?.lba).toBe(espLba)
    expect(read.tree.size).toBe(tree.size + 1) // the catalogue
  })
})

describe('partition 1 alone', () => {
  test('is the same file system in every hierarchy', async () => {
    for (const hierarchy of ['rock-ridge', 'joliet', 'plain'] as const) {
      const whole = await readIso(fileSource(image), { hierarchy })
      const alone = await readIso(fileSource(partition), { hierarchy })
      expect(await treeValues(alone.tree)).toEqual(await treeValues(whole.tree))
      expect(alone.volume.sectorCount).toBe(espLba - OFFSET)
      expect(whole.volume.sectorCount).toBe(layout.sectorCount)
      expect(alone.bootEntries).toEqual([])
    }
  })

  test('isoinfo, isovfy, bsdtar and xorriso read it', async () => {
    const text = await run('isoinfo', '-d', '-i', partition)
    expect(text).toContain('Joliet with UCS level 3 found')
    expect(text).toContain('Rock Ridge signatures version 1 found')
    expect((await run('isovfy', partition)).trimEnd().split('\n').at(-1)).toBe('No errors found')
    const names = async (path: string) => (await run('bsdtar', '-tf', path)).split('\n').toSorted()
    expect(await names(partition)).toEqual(await names(image))
    // Rows: number, parent, extent, name; the root has no name.
    const tables = async (path: string) =>
      (await run('isoinfo', '-p', '-i', path)).split('\n').map((line) => line.trim().split(/\s+/))
    const [first, second] = [await tables(image), await tables(partition)]
    expect(second.map((row) => row[3])).toEqual(first.map((row) => row[3]))
    const content = await runTool('bsdtar', '-xOf', partition, 'size-4097')
    expect(content.stdout.equals((await runTool('bsdtar', '-xOf', image, 'size-4097')).stdout)).toBe(true)
    expect(await run('xorriso', '-indev', partition, '-check_media', '--')).toMatch(
      /Media region : +0 , +\d+ , \+ good/,
    )
  })
})

describe('with a GUID partition table', () => {
  let disk: string

  beforeAll(async () => {
    disk = join(folder, 'gpt.iso')
    const guid = (last: string) => `01234567-89ab-cdef-0123-45678900000${last}`
    const gpt = { diskGuid: guid('0'), partitionGuids: [guid('1'), guid('2')] as const }
    const hybrid = options.boot?.hybrid && { ...options.boot.hybrid, gpt }
    if (!options.boot || !hybrid) throw new Error('the sample is no hybrid')
    const placed = layoutIso(tree, { ...options, boot: { ...options.boot, hybrid } })
    espLba = placed.areas.find(({ owner }) => owner === 'EFI system partition')?.lba ?? 0
    expect(placed.size % 1_048_576).toBe(0)
    await replaceFile(disk, writeIso(placed, { reuseBuffers: true }))
  })

  test('sfdisk and sgdisk find both partitions and no fault', async () => {
    expect(await run('sfdisk', '-V', disk)).toContain('No errors detected.')
    const table = await run('sfdisk', '-d', disk)
    expect(table).toMatch(/^label: gpt$/m)
    expect(table).toMatch(/^label-id: 01234567-89AB-CDEF-0123-456789000000$/m)
    expect(table).toMatch(
      new RegExp(`start= +64, size= +${4 * (espLba - OFFSET)}, type=EBD0A0A2-.*name="ISO9660"`),
    )
    expect(table).toMatch(
      new RegExp(`start= +${4 * espLba}, size= +2880, type=C12A7328-.*000002, name="EFI system"`),
    )
    const verified = await run('sgdisk', '-v', disk)
    expect(verified).toContain('No problems found.')
    expect(verified).not.toMatch(/invalid|corrupt|caution|warning/i)
  })

  test('xorriso finds a protective MBR, the GPT and the boot entries', async () => {
    const report = ['-report_el_torito', 'plain', '-report_system_area', 'plain']
    const text = await run('xorriso', '-indev', disk, ...report)
    expect(text).not.toMatch(/: (WARNING|SORRY|FAILURE|FATAL) :/)
    expect(text).toMatch(/System area summary: MBR isohybrid cyl-align-\w+ GPT/)
    expect(text).toMatch(/MBR partition +: +1 +0x00 +0xee +1 +\d+/)
    expect(text).toMatch(/GPT start and size : +1 +64 +\d+/)
    expect(text).toMatch(
      new RegExp(`El Torito boot img : +2 +UEFI +y +none +0x0000 +0x00 +2880 +${espLba}$`, 'm'),
    )
  })

  test('blkid names the table, and reads the whole as a file system', async () => {
    const text = await run('blkid', '-p', '-o', 'export', disk)
    expect(text).toContain('PTTYPE=gpt')
    expect(text).toContain('TYPE=iso9660')
  })
})
