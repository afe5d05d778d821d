import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { fromBytes, u32le, u64le } from '@ros/bytes'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeGuid,
  encodeGpt,
  encodeGuid,
  encodeMbrEntries,
  gptAttribute,
  gptType,
  lintPartitions,
  masterBootRecord,
  type PartitionRule,
  partitionRules,
  protectivePartition,
  readPartitions,
} from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-partitions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const SECTORS = 8192
const guid = (last: number) => `01234567-89ab-cdef-0123-4567890000${String(last).padStart(2, '0')}`

function run(tool: string, args: readonly string[], input = ''): string {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
  return execFileSync(tool, args, { cwd: folder, env, encoding: 'utf8', input, timeout: 60_000 })
}

const lint = async (bytes: Uint8Array) => {
  const found = []
  for await (const finding of lintPartitions(fromBytes(bytes))) found.push(finding)
  return found
}

function mbrDisk(entries: Parameters<typeof encodeMbrEntries>[0]): Buffer {
  const disk = Buffer.alloc(SECTORS * 512)
  const record = {
    code: new Uint8Array(432),
    imageSector: 0,
    diskId: 0xdead_beef,
    reserved: 0,
    signature: 0xaa55,
  }
  disk.set(masterBootRecord.encode({ ...record, partitions: encodeMbrEntries(entries) }))
  return disk
}

function gptDisk(): Buffer {
  const disk = mbrDisk([protectivePartition(SECTORS)])
  const attributes = [gptAttribute.legacyBiosBootable]
  const { primary, backup } = encodeGpt(
    guid(0),
    [
      { type: gptType.efiSystem, guid: guid(1), name: 'ESP', start: 2048, count: 2048, attributes },
      { type: gptType.linux, guid: guid(2), name: 'état', start: 4096, count: 2048 },
    ],
    SECTORS,
  )
  disk.set(primary, 512)
  disk.set(backup, disk.length - backup.length)
  return disk
}

describe('a GPT', () => {
  test('by us has no fault for sgdisk and sfdisk, and reads back', async () => {
    const disk = gptDisk()
    writeFileSync(join(folder, 'gpt.img'), disk)
    expect(run('sgdisk', ['-v', 'gpt.img'])).toContain('No problems found.')
    expect(run('sfdisk', ['-V', 'gpt.img'])).toContain('No errors detected.')
    expect(run('sfdisk', ['-d', 'gpt.img'])).toMatch(
      /start= +2048, size= +2048, type=C12A7328.*LegacyBIOSBootable/,
    )
    expect(await lint(disk)).toEqual([])
    const table = await readPartitions(fromBytes(disk))
    expect(table).toMatchObject({
      type: 'gpt',
      diskId: guid(0),
      copy: 'primary',
      partitions: [
        {
          number: 1,
          type: gptType.efiSystem,
          guid: guid(1),
          name: 'ESP',
          offset: 1_048_576,
          attributes: [2],
        },
        { number: 2, name: 'état', offset: 2_097_152, size: 1_048_576 },
      ],
    })
    expect(table?.partitions[1]?.content.size).toBe(1_048_576)
  })

  test('by sgdisk and by sfdisk reads as they say, and is no fault', async () => {
    run('truncate', ['-s', '4M', 's.img'])
    run('sgdisk', ['-n', '1:2048:4095', '-t', '1:ef00', '-c', '1:first', '-n', '5:4096:0', 's.img'])
    const disk = readFileSync(join(folder, 's.img'))
    expect(await lint(disk)).toEqual([])
    const table = await readPartitions(fromBytes(disk))
    expect(table?.partitions.map(({ number, offset, name }) => [number, offset, name])).toEqual([
      [1, 2048 * 512, 'first'],
      [5, 4096 * 512, ''],
    ])
    run('truncate', ['-s', '4M', 'f.img'])
    run('sfdisk', ['-q', 'f.img'], 'label: gpt\n2048 1M\n')
    expect(await lint(readFileSync(join(folder, 'f.img')))).toEqual([])
  })

  test('is read from its second copy when the first is gone', async () => {
    const disk = gptDisk()
    disk.fill(0, 512, 1024)
    expect(await readPartitions(fromBytes(disk))).toMatchObject({ copy: 'backup', partitions: [{}, {}] })
  })
})

describe('an MBR', () => {
  test('by sfdisk, with logical partitions', async () => {
    run('truncate', ['-s', '8M', 'm.img'])
    run('sfdisk', ['-q', 'm.img'], 'label: dos\n2048,2048,c,*\n4096,2048,83\n6144,,5\n8192,2048,83\n,,82\n')
    const disk = readFileSync(join(folder, 'm.img'))
    expect(await lint(disk)).toEqual([])
    const table = await readPartitions(fromBytes(disk))
    const told = [
      ...run('sfdisk', ['-d', 'm.img']).matchAll(/m\.img(\d) : start= *(\d+), size= *(\d+), type=(\w+)/g),
    ]
    expect(told).toHaveLength(5)
    const expected = told
      .filter(([, , , , type]) => type !== '5')
      .map(([, number, start, size, type]) => [
        Number(number),
        Number(start) * 512,
        Number(size) * 512,
        String(type).padStart(2, '0'),
      ])
    expect(table?.partitions.map(({ number, offset, size, type }) => [number, offset, size, type])).toEqual(
      expected,
    )
    expect(table?.partitions[0]?.active).toBe(true)
  })

  test('of nothing is none, whatever the bytes', async () => {
    expect(await readPartitions(fromBytes(new Uint8Array()))).toBeUndefined()
    expect(await readPartitions(fromBytes(new Uint8Array(4096)))).toBeUndefined()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 3000 }), async (bytes) => {
        if (bytes.length > 511) bytes.set([0x55, 0xaa], 510)
        if (bytes.length > 520) bytes.set(new TextEncoder().encode('EFI PART'), 512)
        await readPartitions(fromBytes(bytes))
        await lint(bytes)
      }),
      { numRuns: 200 },
    )
  })
})

test('GUIDs read back', () => {
  fc.assert(
    fc.property(fc.uuid(), (text) => {
      expect(decodeGuid(encodeGuid(text))).toBe(text)
    }),
  )
  expect(() => encodeGuid('no')).toThrow('not a GUID')
})

/** Puts the sums of a changed GPT right again. */
function resum(disk: Buffer, header = 512): Buffer {
  const entries = u64le.read(disk, header + 72, '') * 512
  u32le.write(disk, header + 88, crc32(disk.subarray(entries, entries + 128 * 128)), '')
  u32le.write(disk, header + 16, 0, '')
  u32le.write(disk, header + 16, crc32(disk.subarray(header, header + 92)), '')
  return disk
}
const last = (SECTORS - 1) * 512
const both = (disk: Buffer, change: (entries: number) => void) => {
  change(1024)
  change(last - 128 * 128)
  resum(disk)
  resum(disk, last)
}
const whole = { active: false, type: 0x83, start: 2048, count: 2048 }
let disk: Buffer
beforeAll(() => {
  disk = gptDisk()
})

const planted: [fault: string, make: (gpt: Buffer) => Buffer | void, expected: PartitionRule[]][] = [
  [
    'status of neither kind',
    () => {
      const d = mbrDisk([whole])
      d[446] = 0x12
      return d
    },
    ['mbr/status'],
  ],
  [
    'two active',
    () =>
      mbrDisk([
        { ...whole, active: true },
        { ...whole, active: true, start: 4096 },
      ]),
    ['mbr/active'],
  ],
  ['behind the disk', () => mbrDisk([{ ...whole, count: 9000 }]), ['mbr/bounds']],
  ['overlap', () => mbrDisk([whole, { ...whole, start: 3000 }]), ['mbr/overlap']],
  ['no protective entry', (b) => void b.fill(0, 446, 510), ['mbr/protective']],
  ['protective entry that ends early', (b) => u32le.write(b, 458, 100, ''), ['mbr/protective']],
  ['no GPT', () => mbrDisk([protectivePartition(SECTORS)]), ['gpt/missing']],
  ['header sum', (b) => void (b[512 + 40] = 99), ['gpt/header']],
  ['entries sum', (b) => void (b[1024 + 60] = 99), ['gpt/entries-crc']],
  ['no second copy', (b) => void b.fill(0, last), ['gpt/backup']],
  ['second copy damaged', (b) => void (b[last + 40] = 99), ['gpt/backup']],
  [
    'copies differ',
    (b) => {
      b[1024 + 60] = 99
      resum(b)
    },
    ['gpt/copies'],
  ],
  [
    'outside the usable sectors',
    (b) => both(b, (at) => u64le.write(b, at + 128 + 40, SECTORS - 1, '')),
    ['gpt/bounds'],
  ],
  ['overlap', (b) => both(b, (at) => u64le.write(b, at + 128 + 32, 3000, '')), ['gpt/overlap']],
  ['identifier twice', (b) => both(b, (at) => b.copy(b, at + 128 + 16, at + 16, at + 32)), ['gpt/guid']],
]

describe('lintPartitions finds', () => {
  test.each(planted)('%s', async (_, make, expected) => {
    const copy = Buffer.from(disk)
    const findings = await lint(make(copy) ?? copy)
    expect([...new Set(findings.map(({ rule }) => rule))].sort()).toEqual(expected)
  })

  test('a fault of every rule there is', () => {
    expect([...new Set(planted.flatMap(([, , rules]) => rules))].sort()).toEqual(
      Object.keys(partitionRules).sort(),
    )
  })
})
