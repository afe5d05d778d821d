import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromBytes, fromText, zeros } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { file } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import {
  addIsolinux,
  bootOptions,
  edgeTree,
  isoBytes,
  loader,
  pattern,
  treeValues,
} from '../test/sample-tree.ts'
import { layoutIso, lintIso, readIso, remasterIso, writeIso } from './index.ts'

let folder: string
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iso-remaster-'))
  await mkdir(at('t/boot/isolinux'), { recursive: true })
  await mkdir(at('t/boot/grub'), { recursive: true })
  const isolinux = loader('/usr/lib/ISOLINUX/isolinux.bin')
  await writeFile(at('t/boot/isolinux/isolinux.bin'), isolinux)
  await writeFile(at('t/boot/isolinux/isolinux.cfg'), 'default x\n')
  // Stands for GRUB's image: what matters is who is told which number.
  await writeFile(at('t/boot/grub/eltorito.img'), pattern(30_000, 2))
  await writeFile(at('hybrid.img'), pattern(440, 3))
  await writeFile(at('state.img'), pattern(1_048_576, 4))
  await runTool('mkfs.vfat', '-C', '--invariant', at('esp.img'), '1440')
  await writeFile(at('t/boot/efi.img'), await readFile(at('esp.img')))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Makes the image again with one more file. Gives both, read. */
async function again(path: string) {
  const source = fileSource(path)
  const { tree, options, notKept } = await remasterIso(source)
  tree.add('added.txt', file(fromText('added')))
  const out = `${path}.again`
  await replaceFile(out, writeIso(layoutIso(tree, options), { reuseBuffers: true }))
  const findings = []
  for await (const finding of lintIso(fileSource(out))) findings.push(finding)
  expect(findings).toEqual([])
  const [before, after] = [await readIso(source), await readIso(fileSource(out))]
  const values = await treeValues(before.tree)
  const more = await treeValues(after.tree)
  // Patched while they are written, with numbers of this image.
  const patched = [
    ...before.bootEntries.map((entry) => entry.path),
    before.bootCatalog?.path,
    '/',
    '',
    'added.txt',
  ]
  for (const name of patched) for (const each of [values, more]) delete each[name ?? '']
  expect(more).toEqual(values)
  const entry = ({
    platform,
    bootable,
    media,
    loadSectors,
    path: name,
  }: (typeof before.bootEntries)[number]) => ({
    platform,
    bootable,
    media,
    loadSectors,
    name,
  })
  const report = async (name: string) =>
    (await runTool('xorriso', ['-indev', name, '-report_el_torito', 'plain', '-report_system_area', 'plain']))
      .text
  return {
    before,
    after,
    out,
    notKept,
    entries: [before.bootEntries.map(entry), after.bootEntries.map(entry)] as const,
    report: await report(out),
    reportBefore: await report(path),
  }
}

const isolinux = [
  [
    '-b',
    'boot/isolinux/isolinux.bin',
    '-c',
    'boot/isolinux/boot.cat',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
  ],
  ['-boot-info-table'],
].flat()
const mbr = ['-isohybrid-mbr', '/usr/lib/ISOLINUX/isohdpfx.bin']
async function xorriso(name: string, ...args: readonly string[]): Promise<string> {
  const common = [
    '-as',
    'mkisofs',
    '-quiet',
    '-l',
    '-J',
    '-R',
    '-V',
    'RancherOS',
    '-publisher',
    'Rancher Labs, Inc.',
  ]
  const { exitCode, text } = await runTool('xorriso', [...common, ...args, '-o', at(name), at('t')])
  expect(exitCode, text).toBe(0)
  return at(name)
}

describe('an image by xorriso that is made again', () => {
  test('as official RancherOS was: isolinux, hybrid', async () => {
    const { entries, report, before, after, notKept } = await again(
      await xorriso('a.iso', ...isolinux, ...mbr),
    )
    expect(entries[1]).toEqual(entries[0])
    expect(notKept).toEqual([])
    expect({ ...after.volume, sectorCount: 0 }).toEqual({ ...before.volume, sectorCount: 0 })
    expect(report).toMatch(/MBR isohybrid/)
    expect(report).toMatch(/El Torito img opts : +1 +boot-info-table isohybrid-suitable/)
    expect(report).toMatch(/MBR partition +: +1 +0x80 +0x17 +0 +\d+/)
  })

  test('with an appended EFI system partition, one for state, and descriptors of partition 1', async () => {
    const esp = ['-eltorito-alt-boot', '-e', '--interval:appended_partition_2:all::', '-no-emul-boot']
    const append = [
      '-append_partition',
      '2',
      '0xef',
      at('esp.img'),
      '-append_partition',
      '3',
      '0x83',
      at('state.img'),
    ]
    const { entries, report, out, notKept } = await again(
      await xorriso('c.iso', ...isolinux, ...mbr, '-partition_offset', '16', ...append, ...esp),
    )
    expect(entries[1]).toEqual(entries[0])
    expect(notKept).toEqual([])
    expect(report).toMatch(/Partition offset +: +16/)
    const { text } = await runTool('sfdisk', '-V', out)
    expect(text).toContain('No errors detected.')
    const table = await readPartitions(fileSource(out))
    expect(table?.partitions.map(({ number, type }) => [number, type])).toEqual([
      [1, '17'],
      [2, 'ef'],
      [3, '83'],
    ])
    for (const [index, name] of [
      [1, 'esp.img'],
      [2, 'state.img'],
    ] as const) {
      const content = table?.partitions[index]?.content
      expect(Buffer.compare(await collect(content?.open() ?? [], 1 << 24), await readFile(at(name)))).toBe(0)
    }
  })

  test('with a GPT', async () => {
    const esp = ['-eltorito-alt-boot', '-e', '--interval:appended_partition_2:all::', '-no-emul-boot']
    const append = [
      '-append_partition',
      '2',
      'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
      at('esp.img'),
      '-appended_part_as_gpt',
    ]
    const path = await xorriso('g.iso', ...isolinux, ...mbr, '-partition_offset', '16', ...append, ...esp)
    const { entries, out } = await again(path)
    expect(entries[1]).toEqual(entries[0])
    const tables = [await readPartitions(fileSource(path)), await readPartitions(fileSource(out))]
    const [one, other] = tables.map((table) => [
      table?.type,
      table?.diskId,
      table?.partitions.slice(0, 2).map(({ guid }) => guid),
    ])
    expect(other).toEqual(one)
    expect((await runTool('sgdisk', '-v', out)).text).toContain('No problems found.')
  })

  test('as Debian and others do, with the partition inside the file system, it gets sound tables', async () => {
    const esp = ['-eltorito-alt-boot', '-e', 'boot/efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat']
    const { entries, out } = await again(await xorriso('d.iso', ...isolinux, ...mbr, ...esp))
    expect(entries[1].map(({ platform, loadSectors }) => [platform, loadSectors])).toEqual(
      entries[0].map(({ platform, loadSectors }) => [platform, loadSectors]),
    )
    expect((await runTool('sfdisk', '-V', out)).text).toContain('No errors detected.')
    expect((await readPartitions(fileSource(out)))?.partitions.map(({ type }) => type)).toEqual(['17', 'ef'])
  })

  test("with GRUB's image and code, which are told their sectors", async () => {
    const grub = ['-b', 'boot/grub/eltorito.img', '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table']
    const more = ['--grub2-boot-info', '--grub2-mbr', at('hybrid.img'), '--protective-msdos-label']
    const esp = ['-eltorito-alt-boot', '-e', 'boot/efi.img', '-no-emul-boot']
    const { after, out, entries, report, reportBefore } = await again(
      await xorriso('r.iso', ...grub, ...more, ...esp),
    )
    expect(entries[1][0]).toEqual(entries[0][0])
    const bytes = await readFile(out)
    const lba = after.bootEntries[0]?.lba ?? 0
    expect(Number(bytes.readBigUInt64LE(432))).toBe(4 * lba + 4)
    expect(Number(bytes.readBigUInt64LE(lba * 2048 + 2548))).toBe(4 * lba + 5)
    for (const text of [report, reportBefore]) expect(text).toMatch(/grub2-boot-info/)
    for (const text of [report, reportBefore]) expect(text).toMatch(/System area summary: MBR .*grub2-mbr/)
  })

  test('for CDs alone, for UEFI alone, or not bootable', async () => {
    const cd = await again(await xorriso('cd.iso', ...isolinux))
    expect(cd.entries[1]).toEqual(cd.entries[0])
    expect(await readPartitions(fileSource(cd.out))).toBeUndefined()
    const uefi = await again(await xorriso('u.iso', '-e', 'boot/efi.img', '-no-emul-boot'))
    expect(uefi.entries[1]).toEqual(uefi.entries[0])
    expect(uefi.report).toMatch(/El Torito boot img : +1 +UEFI +y/)
    const none = await again(await xorriso('n.iso'))
    expect(none.entries[1]).toEqual([])
  })
})

test('ours that is made again without a change is the same image', async () => {
  const base = bootOptions()
  if (!base.boot) throw new Error('the sample does not boot')
  const hybrid = { ...base, boot: { ...base.boot, uefi: { esp: zeros(1_474_560) } } }
  for (const options of [base, hybrid]) {
    const bytes = await isoBytes(addIsolinux(edgeTree()), options)
    const { tree, options: kept } = await remasterIso(fromBytes(bytes))
    expect(Buffer.compare(await isoBytes(tree, kept), bytes)).toBe(0)
  }
})

test('a boot image that emulates a floppy disk is refused, not lost', async () => {
  await writeFile(at('t/floppy.img'), pattern(1_474_560, 8))
  const path = at('floppy.iso')
  await runTool('genisoimage', '-quiet', '-R', '-b', 'floppy.img', '-c', 'boot.cat', '-o', path, at('t'))
  await expect(remasterIso(fileSource(path))).rejects.toMatchObject({ code: 'ROS_ISO_BOOT' })
})
