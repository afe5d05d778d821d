import { fromBytes } from '@ros/bytes'
import { type FileNode, Tree } from '@ros/tree'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { edgeTree, isoBytes } from '../test/sample-tree.ts'
import { type Hierarchy, IsoError, type IsoErrorCode, layoutIso, readIso } from './index.ts'

const SECTOR = 2048
let image: Uint8Array
let lbaOf: (owner: string) => number

beforeAll(async () => {
  const tree = new Tree().merge(edgeTree())
  const options = {
    volumeId: 'HOSTILE',
    created: 0,
    boot: { bios: { image: 'size-4097', catalog: 'boot.cat' } },
  }
  image = await isoBytes(tree, options)
  const { areas } = layoutIso(tree, options)
  lbaOf = (owner) => {
    const area = areas.find((each) => each.owner === owner)
    if (!area) throw new Error(`no area ${owner}`)
    return area.lba
  }
})

/** Reads every hierarchy and a byte of every file; only an IsoError may come out. */
async function readWhole(bytes: Uint8Array): Promise<string> {
  let outcome = 'read'
  for (const hierarchy of ['rock-ridge', 'joliet', 'plain'] satisfies Hierarchy[]) {
    try {
      const { tree } = await readIso(fromBytes(bytes), { hierarchy })
      for (const { node } of tree)
        if (node.type === 'file') node.content.readInto?.(new Uint8Array(1 % (node.content.size + 1)), 0)
    } catch (error) {
      if (!(error instanceof IsoError)) throw error
      outcome = error.code
    }
  }
  return outcome
}

async function codeOf(change: (bytes: Uint8Array) => void): Promise<IsoErrorCode | 'read'> {
  const bytes = image.slice()
  change(bytes)
  try {
    await readIso(fromBytes(bytes))
    return 'read'
  } catch (error) {
    if (!(error instanceof IsoError)) throw error
    return error.code
  }
}

/** Offset of the record of an identifier in a directory. */
function recordAt(bytes: Uint8Array, owner: string, identifier: string): number {
  const start = lbaOf(owner) * SECTOR
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(
    identifier,
    start,
    'latin1',
  )
  return at - 33
}

const setBoth32 = (bytes: Uint8Array, offset: number, value: number) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint32(offset, value, true)
  view.setUint32(offset + 4, value, false)
}

describe('a fault is found and named', () => {
  test.each<[string, IsoErrorCode, (bytes: Uint8Array) => void]>([
    ['no CD001', 'ROS_ISO_FORMAT', (bytes) => bytes.fill(0, 16 * SECTOR, 17 * SECTOR)],
    ['no primary descriptor', 'ROS_ISO_FORMAT', (bytes) => bytes.fill(3, 16 * SECTOR, 16 * SECTOR + 1)],
    ['no terminator', 'ROS_ISO_FORMAT', (bytes) => bytes.fill(0, 19 * SECTOR, 20 * SECTOR)],
    ['another block size', 'ROS_ISO_FORMAT', (bytes) => bytes.set([0, 2, 2, 0], 16 * SECTOR + 128)],
    [
      'a root outside the image',
      'ROS_ISO_EXTENT',
      (bytes) => {
        setBoth32(bytes, 16 * SECTOR + 156 + 2, 0xffff_ffff)
      },
    ],
    [
      'a record that is too short',
      'ROS_ISO_FORMAT',
      (bytes) =>
        bytes.fill(33, recordAt(bytes, 'directory /', 'AB'), recordAt(bytes, 'directory /', 'AB') + 1),
    ],
    [
      'a record that is longer than its sector',
      'ROS_ISO_FORMAT',
      (bytes) => {
        const directory = lbaOf('directory /many') * SECTOR
        bytes[directory + (bytes[directory] ?? 0)] = 255
        bytes[directory] = 0
      },
    ],
    [
      'a file outside the image',
      'ROS_ISO_EXTENT',
      (bytes) => {
        setBoth32(bytes, recordAt(bytes, 'directory /', 'SIZE_1.;1') + 2, 0x7fff_ffff)
      },
    ],
    [
      'a directory that is its own child',
      'ROS_ISO_LOOP',
      (bytes) => {
        setBoth32(bytes, recordAt(bytes, 'directory /', 'MANY') + 2, lbaOf('directory /'))
        setBoth32(bytes, recordAt(bytes, 'directory /', 'MANY') + 10, SECTOR)
      },
    ],
    [
      'an entry of length 0',
      'ROS_ISO_FORMAT',
      (bytes) => {
        const at = recordAt(bytes, 'directory /', 'AB')
        bytes[at + 33 + 2 + 1 + 2] = 0
      },
    ],
    [
      'a continuation that continues with itself',
      'ROS_ISO_LOOP',
      (bytes) => {
        const area = lbaOf('continuation area')
        bytes.set([0x43, 0x45, 28, 1], area * SECTOR)
        setBoth32(bytes, area * SECTOR + 4, area)
        setBoth32(bytes, area * SECTOR + 12, 0)
        setBoth32(bytes, area * SECTOR + 20, 32)
        bytes.set([0x53, 0x54, 4, 1], area * SECTOR + 28) // ST: nothing behind it counts
      },
    ],
    [
      'a catalogue that does not validate',
      'ROS_ISO_FORMAT',
      (bytes) => bytes.fill(1, lbaOf('file /boot.cat') * SECTOR),
    ],
    [
      'a boot image outside the image',
      'ROS_ISO_EXTENT',
      (bytes) =>
        bytes.fill(0xff, lbaOf('file /boot.cat') * SECTOR + 40, lbaOf('file /boot.cat') * SECTOR + 44),
    ],
  ])('%s', async (_, expected, change) => {
    expect(await codeOf(change)).toBe(expected)
  })

  test.each(['..', '.', 'a/b', 'a\0b'])('the name %j', async (name) => {
    const found = await codeOf((bytes) => {
      // NM of the 3-byte name 'sda1' is 5 + 4 bytes; a shorter name leaves its length too.
      const at = Buffer.from(bytes.buffer).indexOf('NM\x09\x01\0sda1', 0, 'latin1')
      bytes.fill(0, at + 5, at + 9)
      bytes.set(new TextEncoder().encode(name.padEnd(4, name.includes('a') ? 'z' : '\0')), at + 5)
    })
    expect(found).toBe('ROS_ISO_NAME')
  })

  test('two names that are equal', async () => {
    const found = await codeOf((bytes) => {
      const at = Buffer.from(bytes.buffer).indexOf('NM\x0b\x01\0hard-2', 0, 'latin1')
      bytes.set(new TextEncoder().encode('hard-1'), at + 5)
    })
    expect(found).toBe('ROS_ISO_FORMAT')
  })
})

describe('any bytes end in a tree or in an IsoError', () => {
  test('images cut at any sector', async () => {
    for (let size = 0; size < image.length; size += 7 * SECTOR) {
      const outcome = await readWhole(image.subarray(0, size))
      expect(outcome).toMatch(/^ROS_ISO_/)
    }
  })

  test('images with flipped bytes, most of them in the metadata', async () => {
    const end = lbaOf('file /.hidden') * SECTOR
    const flip = fc.tuple(fc.integer({ min: 16 * SECTOR, max: end - 1 }), fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 12 }), async (flips) => {
        const bytes = image.slice()
        for (const [offset, value] of flips) bytes[offset] = value
        await readWhole(bytes)
      }),
      { numRuns: 150 },
    )
  })

  test('random bytes behind a good descriptor', async () => {
    const sectors = fc.uint8Array({ minLength: 0, maxLength: 4 * SECTOR })
    await fc.assert(
      fc.asyncProperty(sectors, fc.nat({ max: 24 * SECTOR }), async (noise, place) => {
        const bytes = image.slice(0, 64 * SECTOR)
        bytes.set(noise, 20 * SECTOR + place)
        await readWhole(bytes)
      }),
      { numRuns: 200 },
    )
  })

  test('a source that fails is reported as such', async () => {
    const failing = {
      size: image.length,
      open: () => expect.unreachable(),
      readInto: () => {
        throw new Error('bad sector')
      },
    }
    await expect(readIso(failing)).rejects.toThrow(expect.objectContaining({ code: 'ROS_ISO_CONTENT' }))
  })
})

test('contents are slices of the source, read when asked for', async () => {
  const asked: number[] = []
  const source = fromBytes(image)
  const watched = {
    size: source.size,
    open: source.open.bind(source),
    readInto(target: Uint8Array, offset: number) {
      asked.push(offset)
      source.readInto?.(target, offset)
    },
  }
  const { tree } = await readIso(watched)
  const before = asked.length
  const content = (tree.get('size-4096') as FileNode).content
  content.readInto?.(new Uint8Array(10), 0)
  expect(asked.slice(before)).toEqual([lbaOf('file /size-4096') * SECTOR])
})
