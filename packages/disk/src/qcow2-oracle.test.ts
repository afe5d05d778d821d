import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { replaceFile } from '@ros/bytes/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeEmptyQcow2 } from './index.ts'

let folder: string
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qcow2-'))
  path = join(folder, 'disk.qcow2')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function run(program: 'qemu-img' | 'qemu-io', ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: 60_000 })).stdout
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw missing
      ? new Error(`${program} is missing: install the Debian package qemu-utils`, { cause })
      : cause
  }
}

const GIB = 1024 ** 3

describe('qemu-img', () => {
  test.each<[number, number]>([
    [512, 16],
    [10 * GIB, 16],
    [10 * GIB + 512, 16],
    [GIB, 9], // many refcount blocks
    [4 * GIB, 9], // a refcount table of several clusters
    [64 * 1024 * GIB, 21],
    [2 ** 51, 16], // the longest level 1 table
  ])('%d bytes, cluster bits %i: no errors, the size as asked for', async (size, clusterBits) => {
    await replaceFile(path, writeEmptyQcow2({ size, clusterBits }))
    expect(await run('qemu-img', 'check', '-f', 'qcow2', path)).toContain(
      'No errors were found on the image.',
    )
    const info: unknown = JSON.parse(await run('qemu-img', 'info', '-f', 'qcow2', '--output=json', path))
    expect(info).toMatchObject({
      'virtual-size': size,
      format: 'qcow2',
      'cluster-size': 2 ** clusterBits,
      'format-specific': {
        data: { compat: '1.1', corrupt: false, 'lazy-refcounts': false, 'refcount-bits': 16 },
      },
    })
  })

  test('what is written into it is read back, and the image stays sound', async () => {
    await replaceFile(path, writeEmptyQcow2({ size: 10 * GIB }))
    await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 0xab 9G 1M', path)
    expect(await run('qemu-io', '-f', 'qcow2', '-c', 'read -P 0xab 9G 1M', path)).toContain('1 MiB, 1 ops')
    expect(await run('qemu-io', '-f', 'qcow2', '-c', 'read -P 0 0 1M', path)).toContain('1 MiB, 1 ops')
    expect(await run('qemu-img', 'check', '-f', 'qcow2', path)).toContain(
      'No errors were found on the image.',
    )
  })
})
