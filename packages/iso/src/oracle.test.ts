import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, concat, fromBytes, fromText, zeros } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { directory, file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseMtree } from '../test/mtree.ts'
import { runTool } from '../test/run-tool.ts'
import { addIsolinux, bootOptions, edgeTree, loader, pattern, treeValues } from '../test/sample-tree.ts'
import { writeSparse } from '../test/write-sparse.ts'
import { layoutIso, readIso, writeIso } from './index.ts'

let folder: string
let image: string
let tree: Tree

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iso-oracle-'))
  image = join(folder, 'edge.iso')
  tree = addIsolinux(edgeTree())
  await replaceFile(image, writeIso(layoutIso(tree, bootOptions()), { reuseBuffers: true }))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('xorriso', () => {
  test('finds volume, boot image, boot info table and hybrid MBR', async () => {
    const { exitCode, text } = await runTool('xorriso', [
      '-indev',
      image,
      '-report_el_torito',
      'plain',
      '-report_system_area',
      'plain',
    ])
    expect(exitCode).toBe(0)
    expect(text).not.toMatch(/: (WARNING|SORRY|FAILURE|FATAL) :/)
    expect(text).toMatch(/Boot record {2}: El Torito , MBR isohybrid cyl-align-on/)
    expect(text).toMatch(/Volume id {4}: 'RancherOS'/)
    expect(text).toMatch(/El Torito boot img : +1 +BIOS +y +none +0x0000 +0x00 +4 +\d+/)
    expect(text).toMatch(/El Torito img path : +1 +\/boot\/isolinux\/isolinux\.bin/)
    expect(text).toMatch(/El Torito img opts : +1 +boot-info-table isohybrid-suitable/)
    expect(text).toMatch(/MBR partition +: +1 +0x80 +0x17 +0 +\d+/)
    const loaded = /El Torito boot img.* (\d+)\n/.exec(text)?.[1]
    const layout = layoutIso(tree, bootOptions())
    const placed = layout.areas.find(({ owner }) => owner === 'file /boot/isolinux/isolinux.bin')
    expect(Number(loaded)).toBe(placed?.lba)
  })

  test('reads every block', async () => {
    const { text } = await runTool('xorriso', '-indev', image, '-check_media', '--')
    expect(text).toMatch(/Media region : +0 , +\d+ , \+ good/)
  })

  test('lists owners, modes, devices and times', async () => {
    const { text } = await runTool('xorriso', '-indev', image, '-find', '/', '-exec', 'lsdl', '--')
    expect(text).toMatch(/^crw-rw-rw- .* 1,3 .* '\/null'$/m)
    expect(text).toMatch(/^brw------- .* 259,70000 .* '\/nvme'$/m)
    expect(text).toMatch(/^-rwsr-xr-x .* 100000 +100000 .* '\/setuid'$/m)
    expect(text).toMatch(/^-rw-r--r-- .* Dec 31 {2}1969 '\/time-1969'$/m)
    expect(text).toMatch(/^-rw-r--r-- .* Jan {2}1 {2}2099 '\/time-2099'$/m)
    expect(text).toMatch(/^p.* '\/fifo'$/m)
    expect(text).toMatch(/^s.* '\/socket'$/m)
    expect(text).toMatch(/'\/link-slashes' -> 'a\/+b\/'/) // xorriso shows a doubled slash as one
    expect(text).toContain(`'/link-long' -> '/${'c'.repeat(250)}/end'`)
    expect(text).toContain(`'/link-chain' -> '${'segment/'.repeat(50)}end'`)
  })
})

describe('bsdtar', () => {
  test('sees the same tree: types, modes, owners, times, devices, contents, links', async () => {
    const keywords = ['type', 'mode', 'uid', 'gid', 'size', 'time', 'link', 'device', 'nlink', 'sha256']
    const options = ['mtree:!all', ...keywords.map((keyword) => `mtree:${keyword}`)].join(',')
    const { exitCode, stdout } = await runTool('bsdtar', [
      '-cf',
      '-',
      '--format=mtree',
      `--options=${options}`,
      `@${image}`,
    ])
    expect(exitCode).toBe(0)
    const listed = parseMtree(stdout.toString('latin1'))
    expect(listed.size).toBe(tree.size + 2) // the root and the boot catalogue
    const values = await treeValues(tree)
    const types = { character: 'char', block: 'block', directory: 'dir', symlink: 'link' } as Record<
      string,
      string
    >
    for (const { path, node } of tree) {
      const entry = listed.get(path)
      expect(entry, path).toMatchObject({
        type: types[node.type] ?? node.type,
        mode: node.mode.toString(8),
        uid: String(node.uid),
        gid: String(node.gid),
        time: `${node.mtime}.0`,
      })
      // bsdtar gives the content with one of a file's names only, and patches isolinux.bin as the writer did.
      const unlinked = node.type === 'file' && !path.includes('hard-') && !path.endsWith('isolinux.bin')
      if (unlinked) expect(entry?.['sha256digest'], path).toBe((values[path] as { sha256: string }).sha256)
      // It joins links that continue in another entry in its own way; Linux and xorriso read them as they were written.
      if (node.type === 'symlink' && node.target.length < 248) expect(entry?.['link'], path).toBe(node.target)
      if (path === 'nvme') expect(entry?.['device']).toBe('native,259,70000')
    }
    const hard = ['hard-1', 'hard-2', 'd1/hard-3'].map((path) => listed.get(path))
    expect(hard.map((entry) => entry?.['nlink'])).toEqual(['3', '3', '3'])
    expect(hard.filter((entry) => entry?.['size'] === '5000')).toHaveLength(1)
  })

  test('reads Joliet names beyond ASCII and beyond the basic plane', async () => {
    const { stdout } = await runTool('bsdtar', '-tf', image, '--options=iso9660:!rockridge')
    const names = stdout.toString().split('\n')
    expect(names).toEqual(
      expect.arrayContaining(['日本語のファイル名.txt', 'emoji-😀.txt', 'CaseTest', 'casetest']),
    )
    expect(names.filter((name) => name.startsWith(`joliet/${'x'.repeat(61)}`))).toHaveLength(3)
  })

  test('gives the bytes of a file back', async () => {
    const { stdout } = await runTool('bsdtar', '-xOf', image, 'size-4097')
    expect(new Uint8Array(stdout)).toEqual(pattern(4097, 4097))
  })

  test('gives isolinux back with its boot info table, the rest untouched', async () => {
    const { stdout } = await runTool('bsdtar', '-xOf', image, 'boot/isolinux/isolinux.bin')
    const original = loader('/usr/lib/ISOLINUX/isolinux.bin')
    const area = layoutIso(tree, bootOptions()).areas.find(({ owner }) => owner.endsWith('/isolinux.bin'))
    let sum = 0
    for (let i = 64; i < original.length; i++) sum = (sum + (original[i] ?? 0) * 256 ** (i % 4)) % 2 ** 32
    const words = [8, 12, 16, 20].map((offset) => stdout.readUInt32LE(offset))
    expect(words).toEqual([16, area?.lba, original.length, sum])
    expect(stdout.subarray(24, 64)).toEqual(Buffer.alloc(40))
    expect(new Uint8Array(stdout.subarray(64))).toEqual(original.subarray(64))
    expect(new Uint8Array(stdout.subarray(0, 8))).toEqual(original.subarray(0, 8))
  })
})

describe('isoinfo and isovfy', () => {
  test('-d names El Torito, Joliet level 3 and Rock Ridge', async () => {
    const { text } = await runTool('isoinfo', '-d', '-i', image)
    expect(text).toMatch(/El Torito VD version 1 found, boot catalog is in sector \d+/)
    expect(text).toContain('Joliet with UCS level 3 found')
    expect(text).toContain('Rock Ridge signatures version 1 found')
    expect(text).toContain('Key 55 AA')
    expect(text).toContain('Bootid 88 (bootable)')
    expect(text).toContain('Nsect 4')
  })

  test('-l shows identifiers of at most 31 characters, each once in its directory', async () => {
    const { text } = await runTool('isoinfo', '-l', '-i', image)
    for (const listing of text.split('Directory listing of ').slice(1)) {
      const names = [...listing.matchAll(/\] {2}(.+?) ?$/gm)].map(([, name = '']) => name)
      expect(new Set(names).size).toBe(names.length)
      for (const name of names) expect(name).toMatch(/^(\.\.?|[A-Z0-9_]{1,31}|[A-Z0-9_]*\.[A-Z0-9_]*;1)$/)
      for (const name of names) expect(name.replace(';1', '').length).toBeLessThanOrEqual(31)
    }
  })

  test('-R and -J list all names', async () => {
    const rock = await runTool('isoinfo', '-R', '-f', '-i', image)
    for (const name of [
      '/CaseTest',
      '/casetest',
      '/日本語のファイル名.txt',
      `/${'n'.repeat(255)}`,
      '/ab',
      '/AB',
    ])
      expect(rock.text.split('\n')).toContain(name)
    const joliet = await runTool('isoinfo', '-J', '-f', '-i', image)
    const names = joliet.text.split('\n')
    // isoinfo shows what its character set lacks as underscores.
    expect(names).toEqual(expect.arrayContaining(['/CaseTest', '/_________.txt', '/.hidden', '/semi_1']))
    expect(names.filter((name) => name.startsWith('/joliet/a common'))).toHaveLength(12)
    expect(names.filter((name) => name.startsWith('/link-'))).toHaveLength(0)
  })

  test('-p shows the path table in order', async () => {
    const { text } = await runTool('isoinfo', '-p', '-i', image)
    const rows = [...text.matchAll(/^ *(\d+): +(\d+) [0-9a-f]+ (.*)$/gm)].map(([, number, parent, name]) => ({
      number: Number(number),
      parent: Number(parent),
      name,
    }))
    expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1))
    expect(rows.filter(({ name }) => name === 'D10')).toHaveLength(1)
    const parents = rows.map(({ parent }) => parent)
    expect(parents).toEqual([...parents].sort((a, b) => a - b))
  })

  test('isovfy finds no errors', async () => {
    const { text } = await runTool('isovfy', image)
    expect(text.trimEnd().split('\n').at(-1)).toBe('No errors found')
  })
})

describe('7z', () => {
  test('reads every byte of the image and finds the boot image', async () => {
    const { exitCode, text } = await runTool('7z', 't', image)
    expect([exitCode, text]).toEqual([0, expect.stringContaining('Everything is Ok')])
    expect(text).not.toMatch(/warning|error/i)
    const listed = await runTool('7z', 'l', image)
    expect(listed.text).toMatch(/ \[BOOT\]\/Boot-NoEmul\.img$/m)
    expect(listed.text).toMatch(/ 4097 +4097 +size-4097$/m)
    expect(listed.text).toMatch(/ d1\/d2\/d3\/d4\/d5\/d6\/d7\/d8\/d9\/d10\/deep$/m)
    expect(listed.text).toContain('日本語のファイル名.txt')
  })
})

describe('iso-info', () => {
  // Its Joliet stops at the first name beyond the basic plane, whoever wrote it.
  test('names the volume and lists files', async () => {
    const { exitCode, text } = await runTool('iso-info', '-d', '-f', '--no-joliet', '-i', image)
    expect(exitCode, text).toBe(0)
    expect(text).toMatch(/Volume +: RancherOS/)
    for (const name of [
      '/size-4097',
      '/CaseTest',
      '/casetest',
      '/a.b.c.tar.gz',
      '/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/deep',
    ])
      expect(text).toMatch(new RegExp(` ${name.replaceAll('.', '\\.')}$`, 'm'))
  })

  test('reads Joliet too, where names are in the basic plane', async () => {
    const path = join(folder, 'joliet.iso')
    const names = new Tree()
      .addDirectories('Ein Verzeichnis')
      .add('Ein Verzeichnis/日本語.txt', file(fromText('x')))
    await replaceFile(path, writeIso(layoutIso(names, { volumeId: 'J', created: 0, rockRidge: false })))
    const { exitCode, text } = await runTool('iso-info', '-d', '-f', '-i', path)
    expect(exitCode, text).toBe(0)
    expect(text).toMatch(/Joliet Level: 3/)
    expect(text).toMatch(/ \/Ein Verzeichnis\/日本語\.txt$/m)
  })

  test('iso-read gives the bytes of a file back', async () => {
    const out = join(folder, 'read')
    const { exitCode, text } = await runTool('iso-read', '-i', image, '-e', '/size-4097', '-o', out)
    expect(exitCode, text).toBe(0)
    expect(await collect(fileSource(out).open(), 1 << 20)).toEqual(pattern(4097, 4097))
  })
})

describe('sfdisk', () => {
  test('finds no fault in the partition table', async () => {
    const { exitCode, text } = await runTool('sfdisk', '-V', image)
    expect(text).toContain('No errors detected.')
    expect(exitCode).toBe(0)
  })
})

describe('extremes', () => {
  test('2500 directories, whose path table is longer than 64 KiB', async () => {
    const many = new Tree()
    for (let i = 0; i < 2500; i++) many.add(`directory-with-a-long-name-${i}`, directory())
    for (let i = 0; i < 50; i++) many.add(`directory-with-a-long-name-${i}/file`, file(fromText(String(i))))
    const path = join(folder, 'many.iso')
    const layout = layoutIso(many, { volumeId: 'MANY', created: 0 })
    expect(layout.areas.find(({ owner }) => owner === 'path table L')?.size).toBeGreaterThan(65_536)
    await replaceFile(path, writeIso(layout))
    const verified = await runTool('isovfy', path)
    expect(verified.text.trimEnd().split('\n').at(-1)).toBe('No errors found')
    const listed = await runTool('bsdtar', '-tf', path)
    expect(listed.text.trimEnd().split('\n')).toHaveLength(2551)
  })

  test('without Rock Ridge and Joliet', async () => {
    const plain = new Tree().add('Read Me.txt', file(fromBytes(pattern(3000, 1)))).add('sub', directory())
    const path = join(folder, 'plain.iso')
    const options = { volumeId: 'PLAIN', created: 0, rockRidge: false, joliet: false }
    await replaceFile(path, writeIso(layoutIso(plain, options)))
    const { text } = await runTool('isoinfo', '-d', '-i', path)
    expect(text).toContain('NO Joliet present')
    expect(text).toContain('NO Rock Ridge present')
    const { stdout } = await runTool('bsdtar', '-xOf', path, 'READ_ME.TXT')
    expect(new Uint8Array(stdout)).toEqual(pattern(3000, 1))
  })

  test('a disk of more than 1024 cylinders', async () => {
    const large = addIsolinux(new Tree()).add('zeros', file(zeros(1_100_000_000)))
    const path = join(folder, 'large.iso')
    const size = await writeSparse(path, writeIso(layoutIso(large, bootOptions()), { reuseBuffers: true }))
    const { text } = await runTool('sfdisk', '-V', path)
    expect(text).toContain('No errors detected.')
    const listed = await runTool('sfdisk', '-d', path)
    expect(listed.text).toMatch(new RegExp(`start= +0, size= +${size / 512}, type=17, bootable`))
    expect(size % (1024 * 1024)).toBe(0)
  })

  test('a file of 4400 MiB, in two extents', async () => {
    const marker = fromText('LAST')
    const content = concat([zeros(4400 * 1024 * 1024 - 4), marker])
    const large = new Tree().add('huge', file(content)).add('zoo', file(fromText('behind')))
    const path = join(folder, 'huge.iso')
    const layout = layoutIso(large, { volumeId: 'HUGE', created: 0 })
    expect(await writeSparse(path, writeIso(layout, { reuseBuffers: true }))).toBe(layout.size)
    const listed = await runTool('bsdtar', '-tvf', path)
    expect(listed.text).toMatch(/ 4613734400 .* huge$/m)
    expect((await runTool('bsdtar', '-xOf', path, 'zoo')).text).toBe('behind')
    expect((await runTool('7z', 'l', path)).text).toMatch(/ 4613734400 +4613734400 +huge$/m)
    const xorriso = await runTool('xorriso', '-indev', path, '-find', '/huge', '-exec', 'report_lba', '--')
    const rows = [...xorriso.text.matchAll(/^File data lba: +\d+ , +(\d+) , +(\d+) , +(\d+) , '\/huge'$/gm)]
    expect(rows.map(([, , blocks]) => Number(blocks))).toEqual([0xffff_f800 / 2048, 155_649])
    const source = fileSource(path)
    const node = (await readIso(source)).tree.get('huge')
    if (node?.type !== 'file') throw new Error('huge is not there')
    expect(node.content.size).toBe(4_613_734_400)
    expect(new TextDecoder().decode(await collect(node.content.open(node.content.size - 4), 4))).toBe('LAST')
  })
})
