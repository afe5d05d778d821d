import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@ros/bytes'
import { layoutDisk } from '@ros/disk'
import { gptType } from '@ros/partitions'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isPartOf, mountTable } from '../device-mounts.ts'
import { Output } from '../output.ts'
import { installDisk } from './install-disk.ts'

const MIB = 1_048_576
const guid = '5d2b4f0e-9a37-4c1b-8e55-000000000000'
const code = (expected: string) => expect.objectContaining({ code: expected })
const terminal = { stderr: process.stderr, now: () => 0 }
const output = new Output({ stdout: process.stdout, terminal, json: false, quiet: true, verbose: false })
const { signal } = new AbortController()
let folder: string
let image: string
const at = (name: string) => join(folder, name)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'install-disk-'))
  image = at('rancheros.img')
  const partitions = [{ type: gptType.linux, guid, name: 'p', size: MIB }]
  const { content } = layoutDisk({ size: 4 * MIB, diskGuid: guid, partitions })
  writeFileSync(image, await collect(content.open(), 4 * MIB))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const install = (target: string, more: { size?: number; yes?: boolean; image?: string } = {}) =>
  installDisk({ image, target, yes: false, ...more }, output, signal)

test('writes a new file, and one that is longer than the image', async () => {
  expect(await install(at('disk'))).toBe(4 * MIB)
  expect(readFileSync(at('disk')).equals(readFileSync(image))).toBe(true)
  await install(at('longer'), { size: 100 })
  expect(statSync(at('longer')).size).toBe(100 * MIB)
  expect(
    readFileSync(at('longer'))
      .subarray(0, 4 * MIB)
      .equals(readFileSync(image)),
  ).toBe(true)
  expect(statSync(at('longer')).blocks * 512).toBeLessThan(4 * MIB)
})

test('a file that is there is replaced only when that was said', async () => {
  writeFileSync(at('disk'), 'precious')
  await expect(install(at('disk'))).rejects.toThrow(code('ROS_CLI_USAGE'))
  expect(readFileSync(at('disk'), 'utf8')).toBe('precious')
  await install(at('disk'), { yes: true })
  expect(statSync(at('disk')).size).toBe(4 * MIB)
})

test('refuses what is no disk, no image, or too small', async () => {
  await expect(install('/dev/null', { yes: true })).rejects.toThrow(code('ROS_CLI_DISK'))
  await expect(install(folder, { yes: true })).rejects.toThrow(code('ROS_CLI_DISK'))
  await expect(install(at('small'), { size: 3 })).rejects.toThrow(code('ROS_CLI_DISK'))
  await expect(install(at('x'), { image: at('absent') })).rejects.toThrow(code('ROS_CLI_NOT_BUILT'))
  writeFileSync(at('text'), 'no disk')
  await expect(install(at('x'), { image: at('text') })).rejects.toThrow(code('ROS_CLI_KIND'))
})

describe('mounts', () => {
  test.each([
    ['/dev/sda', '/dev/sda', true],
    ['/dev/sda1', '/dev/sda', true],
    ['/dev/sdaa', '/dev/sda', false],
    ['/dev/sdaa1', '/dev/sda', false],
    ['/dev/nvme0n1p2', '/dev/nvme0n1', true],
    ['/dev/nvme0n12', '/dev/nvme0n1', false],
    ['/dev/disk4s1', '/dev/disk4', true],
    ['/dev/disk4s1', '/dev/rdisk4', true],
    ['/dev/disk42', '/dev/disk4', false],
    ['tmpfs', '/dev/sda', false],
  ])('%s of %s: %s', (source, disk, expected) => {
    expect(isPartOf(source, disk)).toBe(expected)
  })

  test('names with spaces', () => {
    expect(mountTable('/dev/sdb1 /media/my\\040stick vfat rw 0 0\nproc /proc proc rw 0 0\n')).toEqual([
      { source: '/dev/sdb1', target: '/media/my stick' },
      { source: 'proc', target: '/proc' },
    ])
  })
})
