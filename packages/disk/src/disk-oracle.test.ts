import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { guid, MIB, sampleDisk } from '../test/sample-disk.ts'
import { writeDisk, writeQcow2, writeVhd, writeVmdk } from './index.ts'

let folder: string
let raw: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disk-'))
  raw = at('disk.img')
  await replaceFile(raw, writeDisk(sampleDisk()))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function tool(debianPackage: string, program: string, ...args: string[]): Promise<string> {
  const { exitCode, text } = await runTool(debianPackage, program, ...args)
  expect(exitCode, `${program}: ${text}`).toBe(0)
  return text
}

describe('the partition table', () => {
  test('sgdisk finds no problem', async () => {
    expect(await tool('gdisk', 'sgdisk', '-v', raw)).toMatch(/^No problems found/m)
    const text = await tool('gdisk', 'sgdisk', '-i', '1', raw)
    expect(text).toMatch(/EFI system partition/)
    expect(text).toMatch(/Attribute flags: 0000000000000005/)
    expect(text).toMatch(new RegExp(`unique GUID: ${guid(1)}`, 'i'))
  })

  test('sfdisk finds no error and reads every field', async () => {
    expect(await tool('fdisk', 'sfdisk', '-V', raw)).toMatch(/No errors detected/)
    const table = JSON.parse(await tool('fdisk', 'sfdisk', '--json', raw)).partitiontable
    expect(table).toMatchObject({ label: 'gpt', id: guid(0).toUpperCase(), firstlba: 34, lastlba: 49_118 })
    expect(table.partitions).toEqual([
      expect.objectContaining({
        start: 2048,
        size: 16_384,
        type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
        uuid: guid(1).toUpperCase(),
        name: 'ESP – größer',
        attrs: 'RequiredPartition LegacyBIOSBootable',
      }),
      expect.objectContaining({ start: 18_432, size: 30_687, name: 'RANCHER_STATE' }),
    ])
  })
})

describe.each<[string, number]>([
  ['whole grains', 24 * MIB],
  ['an end inside a cluster', 24 * MIB + 3 * 512],
  ['more than one grain table and level 2 table', 600 * MIB],
])('images of a disk: %s', (_, size) => {
  const { content } = sampleDisk(size)
  beforeAll(async () => {
    await replaceFile(raw, content.open())
  })
  test.each<[string, string, () => AsyncIterable<Uint8Array>, boolean]>([
    ['qcow2', 'qcow2', () => writeQcow2(content), true],
    ['qcow2, small clusters', 'qcow2', () => writeQcow2(content, { clusterBits: 12 }), true],
    ['vmdk', 'vmdk', () => writeVmdk(content, { contentId: 77, name: 'disk.vmdk' }), true],
    ['vhd', 'vpc', () => writeVhd(content, { id: guid(8), created: 1_700_000_000 }), false],
  ])('%s', async (name, format, write, checks) => {
    const path = at(`disk.${name.replaceAll(/\W/g, '')}`)
    await replaceFile(path, write())
    if (checks) expect(await tool('qemu-utils', 'qemu-img', 'check', '-f', format, path)).toMatch(/No errors/)
    const info = JSON.parse(await tool('qemu-utils', 'qemu-img', 'info', '--output=json', '-f', format, path))
    expect(info['virtual-size']).toBe(size)
    if (name === 'vmdk') expect(info['format-specific'].data['create-type']).toBe('streamOptimized')
    const compared = ['compare', '-f', format, '-F', 'raw', path, raw]
    expect(await tool('qemu-utils', 'qemu-img', ...compared)).toMatch(/Images are identical/)
  })
})
