import { fromText } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { expect, test } from 'vitest'
import { assertFit, checkFit, memoryToBoot, memoryWarning, unpackedSize } from './fit.ts'

const MIB = 1024 ** 2
const fits = { vmlinuz: 8 * MIB, initrd: 90 * MIB, unpacked: 290 * MIB }

test('unpacked: whole pages, hard links once, folders nothing', () => {
  const tree = new Tree().addDirectories('a/b')
  const shared = file(fromText('x'.repeat(4097)))
  tree.add('a/one', shared)
  tree.add('a/two', shared)
  tree.add('a/empty', file(fromText('')))
  tree.add('a/page', file(fromText('x'.repeat(4096))))
  expect(unpackedSize(tree)).toBe(3 * 4096)
})

test('memory grows by two bytes for each that is unpacked, and one for each of the initrd', () => {
  const least = memoryToBoot(fits)
  expect(memoryToBoot({ ...fits, unpacked: fits.unpacked + 63 * MIB })).toBe(least + 128 * MIB)
  expect(memoryToBoot({ ...fits, initrd: fits.initrd + 63 * MIB })).toBe(least + 64 * MIB)
  expect(memoryWarning(fits, least)).toBeUndefined()
  expect(memoryWarning(fits, least - 1)).toMatch(/unpacks to 290 MB.*below \d+ MB/)
})

test.each([
  ['initrd', 2 ** 31 - 1],
  ['vmlinuz', 2 ** 32 - 1],
  ['isoEsp', 65_535 * 512],
] as const)('%s of %d bytes fits, of one more does not', (size, limit) => {
  expect(checkFit({ ...fits, [size]: limit })).toEqual([])
  expect(checkFit({ ...fits, [size]: limit + 1 })).toMatchObject([{ got: limit + 1, limit }])
  expect(() => assertFit({ ...fits, [size]: limit + 1 })).toThrow(
    expect.objectContaining({ code: 'ROS_DISTRO_FIT', got: `${limit + 1} bytes` }),
  )
})
