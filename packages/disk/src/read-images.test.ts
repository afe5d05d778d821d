import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromBytes, u32le } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { DiskError, looksLikeExt, readExt4, readQcow2 } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-read-disk-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const shell = async (script: string) => {
  const { exitCode, text } = await runTool('qemu-utils', 'sh', '-ec', `cd ${folder}; ${script}`)
  expect(exitCode, text).toBe(0)
  return text
}
const bytesOf = (size: number, seed: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 17 + Math.floor(i / 251)) % 256))

beforeAll(async () => {
  mkdirSync(at('t/many'), { recursive: true })
  mkdirSync(at('t/d1/d2'), { recursive: true })
  for (let i = 0; i < 1500; i++) writeFileSync(at(`t/many/a file with a rather long name, ${i}`), String(i))
  for (const size of [0, 1, 59, 60, 61, 4095, 4096, 4097, 300_000])
    writeFileSync(at(`t/size-${size}`), bytesOf(size, size))
  await shell(`
    ln -s d1/d2 t/short; ln -s ${'x/'.repeat(100)}end t/long; ln t/size-60 t/d1/hard; chmod 4711 t/size-61; chmod 700 t/d1
    printf begin > t/holes; truncate -s 200000 t/holes; printf end >> t/holes
    touch -d @4102444800 t/size-1; touch -d @-86400 t/size-0
  `)
})

/** Writes a file system of the sample tree, with devices put in. */
async function make(name: string, type: string, ...options: string[]): Promise<string> {
  const owner = [
    '-E',
    'root_owner=0:0',
    '-F',
    '-q',
    '-L',
    'RANCHER_STATE',
    '-U',
    '01234567-89ab-cdef-0123-456789abcdef',
  ]
  const { exitCode, text } = await runTool(
    'e2fsprogs',
    `mkfs.${type}`,
    ...owner,
    ...options,
    '-d',
    at('t'),
    at(name),
    '24M',
  )
  expect(exitCode, text).toBe(0)
  const commands = [
    'mknod null c 1 3',
    'mknod loop b 7 8',
    'set_inode_field /loop block[0] 0',
    `set_inode_field /loop block[1] ${0x1111_0370}`, // 259:70000 as the kernel writes large numbers

    'mknod pipe p',
    'set_inode_field /size-61 uid 100000',
    'set_inode_field /size-1 mtime_extra 1',
  ]
  for (const command of commands) await runTool('e2fsprogs', 'debugfs', '-w', '-R', command, at(name))
  return at(name)
}

const layouts: [string, string, string[]][] = [
  ['ext4 as mkfs makes it', 'ext4', []],
  ['ext4 with blocks of 4096 bytes, 64bit and sums', 'ext4', ['-b', '4096', '-O', '64bit,metadata_csum']],
  ['ext4 with meta groups', 'ext4', ['-O', 'meta_bg,^resize_inode', '-g', '2048', '-b', '1024']],
  ['ext4 with data in the inodes', 'ext4', ['-O', 'inline_data', '-I', '256']],
  ['ext3', 'ext3', []],
  ['ext2 with block maps, old inodes', 'ext2', ['-I', '128', '-b', '1024']],
]

describe('readExt4 of an image by mkfs', () => {
  test.each(layouts)('%s', async (name, type, options) => {
    const path = await make('disk.img', type, ...options)
    const source = fileSource(path)
    expect(await looksLikeExt(source)).toBe(true)
    const image = await readExt4(source)
    expect(image).toMatchObject({
      label: 'RANCHER_STATE',
      uuid: '01234567-89ab-cdef-0123-456789abcdef',
      clean: true,
    })
    expect(image.type).toBe(name.slice(0, 4))
    const { tree } = image
    expect(tree.children('many')).toHaveLength(1500)
    const content = async (file: string) => {
      const node = tree.get(file)
      if (node?.type !== 'file') throw new Error(`${file} is not there`)
      return Buffer.from(await collect(node.content.open(), 1 << 24))
    }
    for (const file of [
      'size-0',
      'size-1',
      'size-59',
      'size-60',
      'size-4097',
      'size-300000',
      'holes',
      'many/a file with a rather long name, 1234',
    ])
      expect((await content(file)).equals(readFileSync(at(`t/${file}`))), file).toBe(true)
    expect(tree.get('short')).toMatchObject({ type: 'symlink', target: 'd1/d2' })
    expect(tree.get('long')).toMatchObject({ type: 'symlink', target: `${'x/'.repeat(100)}end` })
    expect(tree.get('d1/hard')).toBe(tree.get('size-60'))
    expect(tree.get('size-61')).toMatchObject({ mode: 0o4711 })
    expect(tree.get('d1')).toMatchObject({ type: 'directory', mode: 0o700 })
    expect(tree.get('null')).toMatchObject({ type: 'character', major: 1, minor: 3 })
    expect(tree.get('loop')).toMatchObject({ type: 'block', major: 259, minor: 70_000 })
    expect(tree.get('pipe')).toMatchObject({ type: 'fifo' })
    if (!options.includes('128')) expect(tree.get('size-1')?.mtime).toBe(4_102_444_800)
    expect(tree.get('size-0')?.mtime).toBe(-86_400)
    expect(tree.children('lost+found')).toEqual([])
  })

  test('damaged in any place, it ends with an error of its own or a tree', async () => {
    const path = await make('fuzz.img', 'ext4', '-b', '1024')
    const image = readFileSync(path)
    const places = [1024, 2048, 4096, ...Array.from({ length: 40 }, (_, i) => 5000 + i * 997)]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places),
        fc.nat(1023),
        fc.integer({ min: 1, max: 255 }),
        async (start, more, value) => {
          const copy = Buffer.from(image)
          copy[start + more] = ((copy[start + more] ?? 0) + value) % 256
          try {
            const { tree } = await readExt4(fromBytes(copy))
            for (const { node } of tree)
              if (node.type === 'file' && node.content.size < 1e6) for await (const _ of node.content.open());
          } catch (error) {
            expect(error).toBeInstanceOf(DiskError)
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('is refused where it is none, or is cut', async () => {
    await expect(readExt4(fromBytes(new Uint8Array(4096)))).rejects.toMatchObject({ code: 'ROS_DISK_FORMAT' })
    const path = await make('cut.img', 'ext4')
    await expect(readExt4(fromBytes(readFileSync(path).subarray(0, 100_000)))).rejects.toMatchObject({
      code: 'ROS_DISK_FORMAT',
    })
  })
})

describe('readQcow2 of an image by qemu-img', () => {
  test.each([
    ['as it makes it', '-O qcow2'],
    ['compressed', '-c -O qcow2'],
    ['compressed with zstd', '-c -O qcow2 -o compression_type=zstd'],
    ['of version 2', '-O qcow2 -o compat=0.10'],
    ['with small clusters', '-O qcow2 -o cluster_size=512'],
    ['with large clusters, compressed', '-c -O qcow2 -o cluster_size=2M'],
    ['with all places taken', '-O qcow2 -o preallocation=metadata'],
  ])('%s', async (_, options) => {
    const raw = Buffer.alloc(3 * 1024 * 1024 + 512)
    raw.set(bytesOf(200_000, 1), 100_000)
    raw.set(bytesOf(1000, 2), 2_500_000)
    writeFileSync(at('raw.img'), raw)
    await shell(`qemu-img convert -f raw ${options} raw.img disk.qcow2`)
    const { content } = await readQcow2(fileSource(at('disk.qcow2')))
    expect(content.size).toBe(raw.length)
    expect(raw.equals(await collect(content.open(), 1 << 24))).toBe(true)
    for (const [offset, length] of [
      [0, 1],
      [99_999, 70_000],
      [2_499_999, 1100],
      [raw.length - 1, 1],
      [300_500, 0],
    ] as const)
      expect(
        raw.subarray(offset, offset + length).equals(await collect(content.open(offset, length), 1 << 24)),
      ).toBe(true)
  })

  test('says what it does not read, and what is damaged', async () => {
    await shell(`qemu-img create -q -f raw base.img 1M; qemu-img create -q -f qcow2 -b base.img -F raw backed.qcow2
      qemu-img create -q -f qcow2 -o extended_l2=on extended.qcow2 1M; qemu-img create -q -f qcow2 plain.qcow2 1M`)
    for (const name of ['backed.qcow2', 'extended.qcow2'])
      await expect(readQcow2(fileSource(at(name)))).rejects.toMatchObject({ code: 'ROS_DISK_FORMAT' })
    await expect(readQcow2(fromBytes(new Uint8Array(10)))).rejects.toMatchObject({ code: 'ROS_DISK_FORMAT' })
    const plain = readFileSync(at('plain.qcow2'))
    const level1 = Number(plain.readBigUInt64BE(40))
    plain.writeBigUInt64BE(0x8000_0000_7000_0000n, level1)
    const { content } = await readQcow2(fromBytes(plain))
    await expect(collect(content.open(), 1 << 24)).rejects.toMatchObject({ code: 'ROS_DISK_FORMAT' })
    u32le.write(plain, 40, 0xffff_ffff, '')
    await fc.assert(
      fc.asyncProperty(fc.nat(111), fc.nat(255), async (offset, value) => {
        const copy = Buffer.from(readFileSync(at('plain.qcow2')))
        copy[offset] = value
        try {
          const image = await readQcow2(fromBytes(copy))
          let left = 1 << 22
          for await (const chunk of image.content.open()) if ((left -= chunk.length) < 0) break
        } catch (error) {
          expect(error).toBeInstanceOf(DiskError)
        }
      }),
      { numRuns: 100 },
    )
  })
})
