import { createHash } from 'node:crypto'
import { collect } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { writeEmptyQcow2 } from './index.ts'

const GIB = 1024 ** 3
const LIMIT = 1 << 26
const image = async (size: number, clusterBits?: number) =>
  Buffer.from(
    await collect(writeEmptyQcow2({ size, ...(clusterBits !== undefined && { clusterBits }) }), LIMIT),
  )

describe('writeEmptyQcow2', () => {
  test('10 GiB take four clusters of 64 KiB', async () => {
    const bytes = await image(10 * GIB)
    expect(bytes.length).toBe(4 * 65_536)
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('QFI\xfb\0\0\0\x03')
    expect(bytes.readBigUInt64BE(24)).toBe(BigInt(10 * GIB))
    expect(bytes.readUInt32BE(36)).toBe(20) // level 1 entries of 512 MiB each
    expect([0, 2, 4, 6, 8].map((offset) => bytes.readUInt16BE(2 * 65_536 + offset))).toEqual([1, 1, 1, 1, 0])
  })

  test('golden', async () => {
    const digest = createHash('sha256')
      .update(await image(10 * GIB))
      .digest('hex')
    expect(digest).toMatchInlineSnapshot(`"2cef15b62af56ef7e51edf2ea0dfd61ebd7d2f478f05463da5a24f44eb7f03fa"`)
  })

  test('says the same twice', async () => {
    expect((await image(GIB)).equals(await image(GIB))).toBe(true)
  })

  test.each<[number, number | undefined]>([
    [0, undefined],
    [-512, undefined],
    [513, undefined],
    [0.5, undefined],
    [2 ** 53, undefined],
    [2 ** 51 + 512, 16],
    [512, 8],
    [512, 22],
    [512, 16.5],
  ])('refuses %d bytes with cluster bits %s', (size, clusterBits) => {
    const options = { size, ...(clusterBits !== undefined && { clusterBits }) }
    expect(() => writeEmptyQcow2(options)).toThrow(expect.objectContaining({ code: 'ROS_DISK_FIELD' }))
  })
})
