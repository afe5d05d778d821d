import { type ByteSource, fromBytes, fromText, zeros } from '@ros/bytes'
import { file } from '@ros/tree'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { edgeTree, fatBytes, newTree, pattern, TIME } from '../test/sample-tree.ts'
import { DiskError, type DiskErrorCode, type FatLayout, layoutFat, readFat } from './index.ts'

const SECTOR = 512
let layout: FatLayout
let image: Uint8Array

beforeAll(async () => {
  const tree = newTree()
    .addDirectories('sub/inner', { mtime: TIME })
    .add('sub/A long name of a file', file(fromBytes(pattern(3000, 1)), { mtime: TIME }))
    .add('SHORT.TXT', file(fromText('short'), { mtime: TIME }))
  layout = layoutFat(tree, { serialNumber: 1, size: 256 * SECTOR, clusterSize: SECTOR })
  image = await fatBytes(tree, { serialNumber: 1, size: 256 * SECTOR, clusterSize: SECTOR })
})

const offsetOf = (owner: string) => {
  const area = layout.areas.find((each) => each.owner === owner)
  if (!area) throw new Error(`no area ${owner}`)
  return area.offset
}

/** Reads the volume and the first byte of every file; only a DiskError may come out. */
async function outcome(source: ByteSource): Promise<DiskErrorCode | 'read'> {
  try {
    const { tree } = await readFat(source)
    for (const { node } of tree) if (node.type === 'file') for await (const _ of node.content.open()) break
    return 'read'
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return error.code
  }
}

const changed = (change: (bytes: Uint8Array) => void) => {
  const bytes = image.slice()
  change(bytes)
  return outcome(fromBytes(bytes))
}

/** Sets an entry of both 12-bit tables to what makes `cluster` lead to `next`. */
function link(bytes: Uint8Array, cluster: number, next: number): void {
  for (const fat of ['FAT 1', 'FAT 2']) {
    const at = offsetOf(fat) + Math.floor((cluster * 3) / 2)
    const present = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256
    const value = cluster % 2 === 0 ? Math.floor(present / 4096) * 4096 + next : (present % 16) + next * 16
    bytes[at] = value % 256
    bytes[at + 1] = Math.floor(value / 256)
  }
}

/** Offset of the short entry whose name starts with `name`. */
const entryAt = (bytes: Uint8Array, name: string) => Buffer.from(bytes).indexOf(name)

describe('readFat', () => {
  test('reads the volume as it is', async () => {
    expect(await changed(() => undefined)).toBe('read')
  })

  test.each<[string, DiskErrorCode, (bytes: Uint8Array) => void]>([
    ['no signature', 'ROS_DISK_FORMAT', (bytes) => bytes.fill(0, 510, 512)],
    ['sectors of 500 bytes', 'ROS_DISK_FORMAT', (bytes) => bytes.set([0xf4, 1], 11)],
    ['three sectors in a cluster', 'ROS_DISK_FORMAT', (bytes) => bytes.set([3], 13)],
    ['no reserved sector', 'ROS_DISK_FORMAT', (bytes) => bytes.set([0, 0], 14)],
    ['no table', 'ROS_DISK_FORMAT', (bytes) => bytes.set([0], 16)],
    ['more sectors than the image', 'ROS_DISK_FORMAT', (bytes) => bytes.set([0, 2], 19)],
    ['a table of no sectors', 'ROS_DISK_FORMAT', (bytes) => bytes.set([0, 0], 22)],
    ['a chain that leaves the volume', 'ROS_DISK_FORMAT', (bytes) => link(bytes, 5, 4000)],
    ['a directory whose chain never ends', 'ROS_DISK_LIMIT', (bytes) => link(bytes, 2, 2)],
    [
      'a directory that is its own child',
      'ROS_DISK_LIMIT',
      (bytes) => bytes.set([2], entryAt(bytes, 'INNER  ') + 26),
    ],
    [
      'a first cluster outside',
      'ROS_DISK_FORMAT',
      (bytes) => bytes.set([0xff, 0xf], entryAt(bytes, 'SHORT') + 26),
    ],
    ['a first cluster of 0', 'ROS_DISK_FORMAT', (bytes) => bytes.set([0, 0], entryAt(bytes, 'SHORT') + 26)],
    [
      'a size beyond the chain',
      'ROS_DISK_FORMAT',
      (bytes) => bytes.set([0, 0x40], entryAt(bytes, 'SHORT') + 28),
    ],
    ['a slash in a name', 'ROS_DISK_NAME', (bytes) => bytes.set([0x2f], entryAt(bytes, 'SHORT'))],
    [
      'an empty name',
      'ROS_DISK_NAME',
      (bytes) => bytes.fill(0x20, entryAt(bytes, 'SHORT'), entryAt(bytes, 'SHORT') + 11),
    ],
    ['a cluster that is free', 'ROS_DISK_FORMAT', (bytes) => link(bytes, 5, 0)],
  ])('%s', async (_, expected, change) => {
    // Cluster 2 is /sub, 3 /sub/inner, 4 SHORT.TXT, from 5 on the other file.
    expect(await changed(change)).toBe(expected)
  })

  test('a long name whose checksum is another’s is passed over for the short name', async () => {
    const bytes = image.slice()
    const at = entryAt(bytes, 'ALONGN~1')
    bytes.set([0x42], at)
    const { tree } = await readFat(fromBytes(bytes))
    expect(tree.children('sub')).toContain('BLONGN~1')
  })

  test('two entries of one name', async () => {
    const at = offsetOf('root directory')
    expect(
      await changed((bytes) =>
        bytes.copyWithin(at + 64, entryAt(bytes, 'SHORT'), entryAt(bytes, 'SHORT') + 32),
      ),
    ).toBe('ROS_DISK_FORMAT')
  })

  test.each([0, 1, 511, 512, 1024, 20_000])('cut after %i bytes', async (length) => {
    expect(await outcome(fromBytes(image.slice(0, length)))).toBe('ROS_DISK_FORMAT')
  })

  test('nothing but zeros', async () => {
    expect(await outcome(zeros(1_000_000))).toBe('ROS_DISK_FORMAT')
  })

  test('a source that fails', async () => {
    const source: ByteSource = {
      size: image.length,
      open: () => expect.unreachable(),
      readInto() {
        throw new Error('disk on fire')
      },
    }
    expect(await outcome(source)).toBe('ROS_DISK_CONTENT')
  })

  test('ends with a DiskError or a tree, whatever bytes are changed', { timeout: 120_000 }, async () => {
    const volumes = [image, await fatBytes(edgeTree(), { type: 'fat32' })]
    const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 255 }))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1),
        fc.array(change, { minLength: 1, maxLength: 12 }),
        async (which, changes) => {
          const bytes = (volumes[which] ?? image).slice()
          // Most of a volume is content: half of the changes hit the boot sector and what follows it.
          changes.forEach(([place, value], index) => {
            const range = index % 2 === 0 ? bytes.length : 4096
            bytes[Math.floor(place * (range - 1))] = value
          })
          expect(await outcome(fromBytes(bytes))).toMatch(/^(read|ROS_DISK_\w+)$/)
        },
      ),
      { numRuns: 150 },
    )
  })
})
