import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { file } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { edgeTree, fatValues, newTree, pattern, TIME } from '../test/sample-tree.ts'
import { type FatOptions, layoutFat, readFat, writeFat } from './index.ts'

const MIB = 1024 ** 2
const base: FatOptions = { serialNumber: 0xcafe_0815, label: 'EFI SYSTEM', created: TIME }
let folder: string
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fat-'))
  path = join(folder, 'fat.img')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function checked(): Promise<string> {
  const { exitCode, text } = await runTool('dosfstools', 'fsck.fat', '-n', '-v', path)
  expect(exitCode, text).toBe(0)
  expect(text).not.toMatch(/differ|wrong|bad|invalid|orphan|error|dirty|reclaimed/i)
  return text
}

const mtool = (program: string, ...args: string[]) => runTool('mtools', program, '-i', path, ...args)

describe.each<[string, Partial<FatOptions>, string]>([
  ['measured', {}, 'fat12'],
  ['8 MiB', { size: 8 * MIB }, 'fat16'],
  ['8 MiB in large clusters', { size: 8 * MIB, clusterSize: 4096 }, 'fat12'],
  ['1.44 MB', { size: 1_474_560 }, 'fat12'],
  ['FAT16 asked for, measured', { type: 'fat16' }, 'fat16'],
  ['FAT32 asked for, measured', { type: 'fat32' }, 'fat32'],
  ['64 MiB as FAT32', { size: 64 * MIB, type: 'fat32' }, 'fat32'],
  ['a size of no whole cluster', { size: 20 * MIB + 512, clusterSize: 32_768 }, 'fat12'],
  ['200 MiB', { size: 200 * MIB }, 'fat16'],
])('%s', (_, given, type) => {
  beforeAll(async () => {
    const layout = layoutFat(edgeTree(), { ...base, ...given })
    expect(layout.type).toBe(type)
    if (given.size !== undefined) expect(layout.size).toBe(given.size)
    await replaceFile(path, writeFat(layout))
  })

  test('fsck.fat finds nothing', async () => {
    const text = await checked()
    expect(text).toContain(`${type.slice(3)} bit entries`)
  })

  test('mtools lists every name and reads every content', async () => {
    const { exitCode, text } = await mtool('mdir', '-/', '-b', '::')
    expect(exitCode, text).toBe(0)
    const listed = text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace(/^::\//, '').replace(/\/$/, ''))
    const plain = (name: string) => /^[\0-\x7f]*$/.test(name)
    // Which characters mtools can print hangs on its locale; names beyond ASCII are for our reader and the kernel's.
    const wanted = [...edgeTree()].map(({ path: name }) => name).filter(plain)
    expect(
      listed
        .filter(plain)
        .filter((name) => !name.includes('_') && !name.includes('?'))
        .toSorted(),
    ).toEqual(wanted.toSorted())
    for (const name of [
      'size-70000.bin',
      'size-513.bin',
      'a/b/c/d/e/f/g/h/i/j/k/deep',
      'EFI/BOOT/grubx64.efi',
    ]) {
      const { stdout } = await mtool('mtype', `::${name}`)
      const node = edgeTree().get(name)
      const values = await fatValues(newTree().add('x', node as never))
      expect(createHash('sha256').update(stdout).digest('hex')).toBe(
        (values['x'] as { sha256: string }).sha256,
      )
    }
  })

  test('blkid names label, serial number and type', async () => {
    const { text } = await runTool('util-linux', 'blkid', '-p', '-o', 'export', path)
    expect(text).toMatch(/^LABEL_FATBOOT=EFI\\? SYSTEM$/m)
    expect(text).toMatch(/^LABEL=EFI\\? SYSTEM$/m)
    expect(text).toMatch(/^UUID=CAFE-0815$/m)
    expect(text).toContain(`VERSION=FAT${type.slice(3)}`)
  })

  test('we read what we wrote', async () => {
    const image = await readFat(fileSource(path))
    expect(image).toMatchObject({ type, label: 'EFI SYSTEM', serialNumber: 0xcafe_0815 })
    expect(await fatValues(image.tree)).toEqual(await fatValues(edgeTree()))
  })
})

test('times are what mtools shows', async () => {
  await replaceFile(path, writeFat(layoutFat(edgeTree(), base)))
  const { text } = await mtool('mdir', '::read-only', '::year-1980', '::year-2107')
  expect(text).toMatch(/2023-11-14 +22:13 +read-only/)
  expect(text).toMatch(/1980-01-01 +0:00 +year-1980/)
  expect(text).toMatch(/2107-12-31 +23:59 +year-2107/)
})

test('short names are those of the specification', async () => {
  await replaceFile(path, writeFat(layoutFat(edgeTree(), base)))
  const { text } = await mtool('mdir', '::')
  for (const [short, long] of [
    ['FILENA~1 TXT', ''],
    ['FILENA~2 TXT', 'filename one.txt'],
    ['FILENA~3 TXT', 'filename two.txt'],
    ['FILENA~4 TXT', 'filename.text.txt'],
    ['HIDDEN~1    ', '.hidden'],
    ['ABCTAR~1 GZ ', 'a.b.c.tar.gz'],
    ['WITHSP~1 X  ', 'with space.x'],
    ['______~1    ', '+,;=[]'],
  ] as const)
    expect(text.toLowerCase()).toMatch(
      new RegExp(`^${short.toLowerCase().replace('.', '\\.')} .*${long.replace(/[.+[\]]/g, '\\$&')}$`, 'm'),
    )
})

test('a volume that another program filled, fragments and deleted files in it', async () => {
  for (const bits of ['12', '16', '32']) {
    const size = bits === '32' ? 80 : 6
    await rm(path, { force: true })
    const made = await runTool(
      'dosfstools',
      'mkfs.fat',
      '-C',
      '-F',
      bits,
      '-s',
      '1',
      '-n',
      'OTHER',
      path,
      String(bits === '12' ? 1440 : size * 1024),
    )
    expect(made.exitCode, made.text).toBe(0)
    const local = (name: string) => join(folder, name)
    await writeFile(local('first'), pattern(3000, 1))
    await writeFile(local('hole'), pattern(2000, 2))
    await writeFile(local('second'), pattern(90_000, 3))
    const steps = [
      ['mmd', '::Some Directory'],
      ['mcopy', local('first'), '::Some Directory/first file'],
      ['mcopy', local('hole'), '::hole'],
      ['mcopy', local('first'), '::AFTER'],
      ['mdel', '::hole'],
      ['mcopy', local('second'), '::second, in pieces'],
    ] as const
    for (const [program, ...args] of steps) {
      const { exitCode, text } = await mtool(program, ...args)
      expect(exitCode, text).toBe(0)
    }
    const { tree, label, type } = await readFat(fileSource(path))
    expect([type, label]).toEqual([`fat${bits}`, 'OTHER'])
    const given = (seed: number, length: number) => file(fromBytes(pattern(length, seed)), { mtime: TIME })
    const expected = newTree()
      .addDirectories('Some Directory')
      .add('Some Directory/first file', given(1, 3000))
      .add('AFTER', given(1, 3000))
      .add('second, in pieces', given(3, 90_000))
    const withoutTimes = async (values: Promise<Record<string, unknown>>) =>
      Object.entries(await values).map(([name, value]) => [name, { ...(value as object), mtime: 0 }])
    expect(await withoutTimes(fatValues(tree))).toEqual(await withoutTimes(fatValues(expected)))
  }
})
