import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { fromBytes, slice } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { openStore } from '@ros/store'
import { describe, expect, test } from 'vitest'
import { arArchive, type Headers, patchedHeader, plainDeb, tarArchive } from '../test/archives.ts'
import { debTree, readDeb, readTar } from './index.ts'

const refusedTar = { code: 'ROS_DEBIAN_TAR' }
const readOf = (bytes: Uint8Array) => readTar(fromBytes(bytes), 'hostile.tar')

describe('tar', () => {
  test.each<[string, Headers[]]>([
    ['an absolute name', [{ name: '/etc/passwd' }]],
    ["a name with '..'", [{ name: 'a/../../etc/passwd' }]],
    ['a hard link out', [{ name: 'a', type: 'link', linkname: '../../etc/passwd' }]],
    ['a hard link to an absolute name', [{ name: 'a', type: 'link', linkname: '/etc/passwd' }]],
    ['a hard link to nothing', [{ name: 'a', type: 'link', linkname: 'b' }]],
    ['a hard link to itself', [{ name: 'a', type: 'link', linkname: 'a' }]],
    [
      'a hard link to a directory',
      [
        { name: 'd/', type: 'directory' },
        { name: 'a', type: 'link', linkname: 'd' },
      ],
    ],
    ['a file through a link', [{ name: 'a', type: 'symlink', linkname: '/etc' }, { name: 'a/passwd' }]],
    [
      'a directory over a link',
      [
        { name: 'a', type: 'symlink', linkname: '/etc' },
        { name: 'a/', type: 'directory' },
      ],
    ],
    ['a path twice', [{ name: 'a' }, { name: './a' }]],
    ['a file as the root', [{ name: './.' }]],
    ['a link to nowhere', [{ name: 'a', type: 'symlink', linkname: '' }]],
    ['a sparse file', [{ name: 'a', pax: { 'GNU.sparse.major': '1' } } as Headers]],
    ['a pax size that is no number', [{ name: 'a', pax: { size: 'many' } } as Headers]],
    ['a pax path out', [{ name: 'a', pax: { path: '../../b' } } as Headers]],
    ['a pax path with NUL', [{ name: 'a', pax: { path: 'b\0c' } } as Headers]],
    [
      'an unknown type',
      [
        { name: 'a', type: 'contiguous-file' },
        { name: 'b', type: 'link', linkname: 'c' },
      ],
    ],
  ])('%s is refused', async (_, entries) => {
    await expect(readOf(await tarArchive(entries))).rejects.toMatchObject(refusedTar)
  })

  test.each<[string, (block: Buffer) => void]>([
    ['a type that no tree can hold', (block) => block.write('S', 156)],
    ['a number that is none', (block) => block.write('9', 124)],
    ['a size beyond all bounds', (block) => block.fill(0xff, 125, 136).fill(0x80, 124, 125)],
    ['a negative size', (block) => block.fill(0xff, 124, 136)],
    [
      'a name that is too long to be one',
      (block) => block.write('L', 156) && block.write('77777777777', 124),
    ],
    [
      'pax records of more than a megabyte',
      (block) => block.write('x', 156) && block.write('00020000000', 124),
    ],
    ['an empty name', (block) => block.fill(0, 0, 100)],
  ])('%s is refused', async (_, change) => {
    const archive = await tarArchive([{ name: 'a', body: 'x' }])
    const header = patchedHeader(archive.subarray(0, 512), change)
    const bytes = Buffer.concat([header, archive.subarray(512)])
    await expect(readOf(bytes)).rejects.toMatchObject(refusedTar)
  })

  test.each([
    'x',
    '5 a=b\n',
    '999 a=b\n',
    '8 a=bc\n',
    '5 ab=\n',
    '-1 a=b\n',
    '6 =ab\n',
    '1e1 a=bcde\n',
    '6 a=b\0\n',
  ])('pax record %j is refused', async (text) => {
    const archive = await tarArchive([{ name: 'a', body: text }, { name: 'b' }])
    const header = patchedHeader(archive.subarray(0, 512), (block) => {
      block.write('x', 156)
      block.write(`${text.length.toString(8).padStart(11, '0')}`, 124)
    })
    const reading = readOf(Buffer.concat([header, archive.subarray(512)]))
    await expect(reading).rejects.toMatchObject(refusedTar)
  })

  test('a byte changed in any header field is refused', async () => {
    const archive = await tarArchive([{ name: 'a', body: 'x' }])
    for (let i = 0; i < 512; i += 7) {
      const changed = Buffer.from(archive)
      changed[i] = (changed[i] ?? 0) + 1
      await expect(readOf(changed), `byte ${i}`).rejects.toMatchObject(refusedTar)
    }
  })
})

describe('deb', () => {
  const version = ['debian-binary', '2.0\n'] as const
  const members = async () => {
    const control = ['control.tar', await tarArchive([{ name: './control', body: 'Package: a\n' }])] as const
    return { control, data: ['data.tar', await tarArchive([{ name: './a', body: 'x' }])] as const }
  }
  const readOfDeb = (bytes: Uint8Array) => readDeb(fromBytes(bytes), 'test.deb')
  const refused = { code: 'ROS_DEBIAN_DEB', subject: 'test.deb' }

  test('is read, with additions that deb(5) allows', async () => {
    const { control, data } = await members()
    const archive = arArchive([version, ['_new', 'odd'], control, ['_other', ''], data, ['more', 'x']])
    const deb = await readOfDeb(archive)
    expect([...deb.control]).toEqual([['package', 'a']])
    expect((await readTar(deb.data.source, 'data')).has('a')).toBe(true)
  })

  test('with members in another order, missing, or of another format, is refused', async () => {
    const { control, data } = await members()
    const bad = [
      [],
      [version],
      [version, control],
      [version, data, control],
      [control, version, data],
      [['_first', ''] as const, version, control, data],
      [version, ['other', ''] as const, control, data],
      [version, control, ['data.tar.bz2', data[1]] as const],
      [version, control, ['data.tarx', data[1]] as const],
      [['debian-binary', '3.0\n'] as const, control, data],
      [['debian-binary', ''] as const, control, data],
      [['debian-binary', '2.0\n'.padEnd(65, 'x')] as const, control, data],
      [version, ['control.tar', await tarArchive([{ name: './postinst' }])] as const, data],
      [
        version,
        ['control.tar', await tarArchive([{ name: './control', body: 'A: 1\n\nB: 2\n' }])] as const,
        data,
      ],
      [version, ['control.tar', await tarArchive([{ name: './control' }])] as const, data],
    ]
    for (const list of bad) {
      const names = list.map(([name]) => name).join(' ')
      await expect(readOfDeb(arArchive(list)), names).rejects.toMatchObject(refused)
    }
    await expect(readOfDeb(new Uint8Array())).rejects.toMatchObject(refused)
    await expect(readOfDeb(Buffer.from('!<arch>X'))).rejects.toMatchObject(refused)
    await expect(readOfDeb(Buffer.from('PK\x03\x04 a zip'))).rejects.toMatchObject(refused)
  })

  test('cut anywhere, is refused', async () => {
    const archive = await plainDeb(await tarArchive([{ name: './a', body: 'x' }]))
    for (let length = 0; length < archive.length; length += 37) {
      const cut = readDeb(slice(fromBytes(archive), 0, length), 'test.deb')
      await expect(cut, `cut at ${length}`).rejects.toMatchObject({
        code: expect.stringMatching(/^ROS_DEBIAN_/),
      })
    }
  })

  test('with a damaged member header, is refused', async () => {
    const archive = await plainDeb(await tarArchive([]))
    for (const offset of [8 + 48, 8 + 58, 8 + 59]) {
      const changed = Buffer.from(archive)
      changed[offset] = 0x2d
      await expect(readOfDeb(changed)).rejects.toMatchObject(refused)
    }
  })
})

describe('debTree', () => {
  const withStore = async (bytes: Uint8Array, check: (read: () => Promise<unknown>) => Promise<void>) => {
    const directory = await mkdtemp(join(tmpdir(), 'ros-debian-'))
    try {
      const store = await openStore(directory)
      const digest = await sha256(fromBytes(bytes))
      await store.put(fromBytes(bytes).open(), { digest, subject: 'deb' })
      await check(() => debTree(store, { name: 'test', digest }))
      expect(await readdir(join(directory, 'temporary'))).toEqual([])
      expect(await readdir(join(directory, 'derived'))).toEqual([])
    } finally {
      await rm(directory, { recursive: true })
    }
  }
  const deb = (member: string, data: Uint8Array) =>
    arArchive([
      ['debian-binary', '2.0\n'],
      ['control.tar', ''],
      [member, data],
    ])

  test('compressed data that is cut or damaged leaves nothing', async () => {
    const packed = gzipSync(await tarArchive([{ name: './a', body: 'x'.repeat(5000) }]))
    const damaged = Buffer.from(packed)
    damaged.fill(0, 20, 30)
    for (const data of [packed.subarray(0, -9), damaged, Buffer.from('no gzip at all')]) {
      await withStore(deb('data.tar.gz', data), async (read) => {
        await expect(read()).rejects.toMatchObject({ code: expect.stringMatching(/^ROS_COMPRESS_/) })
      })
    }
  })

  test('names out of the tree are refused with the name of the package', async () => {
    const data = await tarArchive([{ name: '../../../etc/cron.d/x', body: 'x' }])
    await withStore(deb('data.tar', data), async (read) => {
      await expect(read()).rejects.toMatchObject({ ...refusedTar, subject: 'test' })
    })
  })

  test('a package that is not in the store', async () => {
    await withStore(deb('data.tar', new Uint8Array()), async () => {
      const store = await openStore(await mkdtemp(join(tmpdir(), 'ros-debian-')))
      const digest = await sha256(fromBytes(new Uint8Array()))
      await expect(debTree(store, { name: 'x', digest })).rejects.toMatchObject({ code: 'ROS_STORE_MISSING' })
      await rm(store.directory, { recursive: true })
    })
  })
})
