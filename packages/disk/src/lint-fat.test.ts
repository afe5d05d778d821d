import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromBytes, fromText, zeros } from '@ros/bytes'
import { directory, file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { type FatRule, fatRules, layoutFat, lintFat } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-lint-fat-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function lint(bytes: Uint8Array) {
  const found = []
  for await (const finding of lintFat(fromBytes(bytes))) found.push(finding)
  return found
}

const tree = new Tree()
  .addDirectories('EFI/BOOT')
  .add('EFI/BOOT/BOOTX64.EFI', file(zeros(20_000)))
  .add('EFI/BOOT/a long name that takes entries.cfg', file(fromText('x')))
  .add('empty', file(fromText('')))
  .add('other.txt', file(zeros(3000)))
  .add('folder', directory())
tree.root = directory({ mtime: 1_700_000_000 })
for (const { path, node } of tree) tree.replace(path, { ...node, mtime: 1_700_000_000 })
const options = { serialNumber: 1, label: 'LINT', created: 1_700_000_000 }
const layouts = {
  fat12: layoutFat(tree, { ...options, size: 1_474_560 }),
  fat16: layoutFat(tree, { ...options, size: 16 * 1024 * 1024, type: 'fat16' }),
  fat32: layoutFat(tree, { ...options, size: 40 * 1024 * 1024, type: 'fat32', clusterSize: 512 }),
}
let wide: Buffer
let narrow: Buffer
beforeAll(async () => {
  wide = Buffer.from(await collect(layouts.fat32.content.open(), 1 << 26))
  narrow = Buffer.from(await collect(layouts.fat16.content.open(), 1 << 26))
})
const areaOf = (name: string, layout = layouts.fat16) =>
  layout.areas.find(({ owner }) => owner === name)?.offset ?? -1
const fats = () => [areaOf('FAT 1'), areaOf('FAT 2')]
const clusterOf = (name: string) => 2 + (areaOf(name) - areaOf('directory /EFI')) / layouts.fat16.clusterSize
const link = (b: Buffer, cluster: number, to: number) => {
  for (const at of fats()) b.writeUInt16LE(to, at + 2 * cluster)
}
/** The short entry of a name in an area. */
const entryOf = (b: Buffer, area: string, name: string) => b.indexOf(name, areaOf(area), 'latin1')

const planted: [fault: string, make: (fat16: Buffer, fat32: Buffer) => Buffer | void, expected: FatRule[]][] =
  [
    ['no boot sector', () => Buffer.alloc(4096), ['fat/boot-sector']],
    ['cut', (b) => b.subarray(0, 1_000_000), ['fat/volume-size']],
    [
      'copy of the boot sector',
      (_, b) => {
        b[6 * 512 + 100] = 99
        return b
      },
      ['fat/backup'],
    ],
    [
      'media type',
      (b) => {
        for (const at of fats()) b[at] = 0xf0
      },
      ['fat/media'],
    ],
    ['copies differ', (b) => void (b[(fats()[1] ?? 0) + 9] = 77), ['fat/copies']],
    [
      'chain that leaves the volume',
      (b) => link(b, clusterOf('file /other.txt'), 0xffe0),
      ['fat/chain', 'fat/length', 'fat/lost'],
    ],
    [
      'chain to a free cluster',
      (b) => link(b, clusterOf('file /other.txt'), 0),
      ['fat/chain', 'fat/length', 'fat/lost'],
    ],
    [
      'chain without end',
      (b) => link(b, clusterOf('file /other.txt') + 1, clusterOf('file /other.txt')),
      ['fat/chain', 'fat/length'],
    ],
    [
      'cluster of two files',
      (b) => link(b, clusterOf('file /other.txt'), clusterOf('file /EFI/BOOT/BOOTX64.EFI') + 1),
      ['fat/cross-link', 'fat/length', 'fat/lost'],
    ],
    [
      'file longer than its chain',
      (b) => void b.writeUInt32LE(900_000, entryOf(b, 'root directory', 'OTHER   TXT') + 28),
      ['fat/length'],
    ],
    ['clusters of nobody', (b) => link(b, clusterOf('file /other.txt') + 50, 0xffff), ['fat/lost']],
    [
      'free count',
      (_, b) => {
        b.writeUInt32LE(5, 512 + 488)
        return b
      },
      ['fat/fsinfo'],
    ],
    [
      'no FSInfo',
      (_, b) => {
        b.writeUInt32LE(5, 512)
        return b
      },
      ['fat/fsinfo'],
    ],
    ["'..' elsewhere", (b) => void b.writeUInt16LE(9, areaOf('directory /EFI/BOOT') + 32 + 26), ['fat/dots']],
    ["no '.'", (b) => void b.write('X', areaOf('directory /folder')), ['fat/cross-link', 'fat/dots']],
    [
      'name with a slash',
      (b) => void b.write('/', entryOf(b, 'root directory', 'OTHER   TXT')),
      ['fat/lost', 'fat/name'],
    ],
    [
      'name twice',
      (b) => void b.write('EMPTY      ', entryOf(b, 'root directory', 'OTHER   TXT'), 'latin1'),
      ['fat/duplicate'],
    ],
  ]

describe('lintFat finds', () => {
  test.each(planted)('%s', async (_, make, expected) => {
    const [one, other] = [Buffer.from(narrow), Buffer.from(wide)]
    const made = make(one, other)
    const findings = await lint(made ?? (one.equals(narrow) ? other : one))
    const found = [...new Set(findings.map(({ rule }) => rule))].sort()
    expect(found.filter((rule) => expected.includes(rule) || rule !== 'fat/lost')).toEqual(expected)
  })

  test('a fault of every rule there is', () => {
    expect([...new Set(planted.flatMap(([, , rules]) => rules))].sort()).toEqual(Object.keys(fatRules).sort())
  })
})

describe('lintFat has nothing to say about', () => {
  test('ours', async () => {
    for (const { content } of Object.values(layouts))
      expect(await lint(await collect(content.open(), 1 << 26))).toEqual([])
  })

  test.each([
    ['fat12', ['-F', '12'], 2880],
    ['fat16', ['-F', '16'], 20_000],
    ['fat32', ['-F', '32', '-s', '1'], 50_000],
  ])('%s by mkfs.vfat and mtools', async (name, args, kilobytes) => {
    const path = join(folder, name)
    await runTool('dosfstools', 'mkfs.vfat', '-C', ...args, path, String(kilobytes))
    await runTool('mtools', 'mmd', '-i', path, '::EFI', '::EFI/BOOT')
    await runTool(
      'mtools',
      'mcopy',
      '-i',
      path,
      new URL(import.meta.url).pathname,
      '::EFI/BOOT/a file with a long name.ts',
    )
    expect(await lint(readFileSync(path))).toEqual([])
  })
})
