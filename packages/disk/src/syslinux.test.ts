import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { file } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { newTree, pattern, TIME } from '../test/sample-tree.ts'
import {
  type FatOptions,
  findSyslinux,
  installSyslinux,
  layoutFat,
  ldlinuxPlaceholder,
  writeFat,
} from './index.ts'

const MIB = 1024 ** 2
const code = (expected: string) => expect.objectContaining({ code: expected })
const blobs = findSyslinux(readFileSync('/usr/bin/syslinux'))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syslinux-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The file is the last one, so the installer finds the same clusters free; mtools leaves one out on FAT32. */
function layout(options: Partial<FatOptions>, withFile = true) {
  const tree = newTree()
    .addDirectories('syslinux', { mtime: TIME })
    .add('before', file(fromBytes(pattern(5000, 1)), { mtime: TIME }))
  if (withFile && options.type === 'fat32')
    tree.add('left-out', file(fromBytes(pattern(1, 2)), { mtime: TIME }))
  if (withFile)
    tree.add('syslinux/ldlinux.sys', file(ldlinuxPlaceholder(blobs), { mtime: TIME, mode: 0o444 }))
  return layoutFat(tree, { serialNumber: 1, ...options })
}

describe.each<[string, Partial<FatOptions>]>([
  ['FAT32', { size: 64 * MIB, type: 'fat32', hiddenSectors: 2048 }],
  ['FAT32, clusters of 512 bytes', { size: 40 * MIB, type: 'fat32', clusterSize: 512 }],
  ['FAT16', { size: 16 * MIB }],
  ['FAT12', { size: 2 * MIB }],
])('%s', (_, options) => {
  test('boot sector and ldlinux.sys are what the installer makes of the volume', async () => {
    const ours = join(folder, 'ours.img')
    const theirs = join(folder, 'theirs.img')
    const path = '/syslinux/ldlinux.sys'
    const installed = await installSyslinux(layout(options), blobs, { path, directory: '/syslinux' })
    await replaceFile(ours, writeFat(installed))
    await replaceFile(theirs, writeFat(layout(options, false)))
    const { exitCode, text } = await runTool('syslinux', 'syslinux', '-d', '/syslinux', '-i', theirs)
    expect(exitCode, text).toBe(0)
    const read = async (image: string) => {
      const { stdout } = await runTool('mtools', 'mtype', '-i', image, `::${path}`)
      return { boot: (await readFile(image)).subarray(0, 512).toString('hex'), file: stdout.toString('hex') }
    }
    const [one, other] = [await read(ours), await read(theirs)]
    expect(one.file.length).toBe(2 * (blobs.ldlinuxSys.length + 1024))
    expect(one.boot).toBe(other.boot)
    expect(one.file).toBe(other.file)
    const checked = await runTool('dosfstools', 'fsck.fat', '-n', ours)
    expect(checked.exitCode, checked.text).toBe(0)
    expect(checked.text).not.toMatch(/differ/)
  })
})

test('refuses a volume without the placeholder, and one that is too small', async () => {
  const found = layout({ size: 16 * MIB })
  await expect(installSyslinux(found, blobs, { path: '/absent' })).rejects.toThrow(code('ROS_DISK_FIELD'))
  await expect(installSyslinux(found, blobs, { path: '/before' })).rejects.toThrow(code('ROS_DISK_FIELD'))
  const long = { path: '/syslinux/ldlinux.sys', directory: `/${'d'.repeat(300)}` }
  await expect(installSyslinux(found, blobs, long)).rejects.toThrow(code('ROS_DISK_FIELD'))
})

test('refuses a program without the two', () => {
  for (const bytes of [new Uint8Array(), pattern(100_000, 1), blobs.bootSector])
    expect(() => findSyslinux(bytes)).toThrow(code('ROS_DISK_FORMAT'))
})
