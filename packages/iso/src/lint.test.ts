import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, fromText, u16le, u32be, u32le, zeros } from '@ros/bytes'
import { file, symlink, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addIsolinux, bootOptions, edgeTree, isoBytes, pattern } from '../test/sample-tree.ts'
import { type IsoRule, isoRules, layoutIso, lintIso } from './index.ts'

const SECTOR = 2048
const PVD = 16 * SECTOR
const folder = mkdtempSync(join(tmpdir(), 'ros-lint-iso-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function lint(bytes: Uint8Array) {
  const findings = []
  for await (const finding of lintIso(fromBytes(bytes))) findings.push(finding)
  return findings
}

const tree = new Tree()
  .addDirectories('dir/sub')
  .add('boot.img', file(fromBytes(pattern(5000, 1))))
  .add('dir/file', file(fromText('content')))
  .add('dir/link', symlink('/'.padEnd(600, 'abc/')))
  .add('z', file(fromText('last')))
const options = { volumeId: 'LINT', created: 0, boot: { bios: { image: 'boot.img', catalog: 'boot.cat' } } }
const { areas } = layoutIso(tree, options)
const lba = (owner: string) => {
  const area = areas.find((each) => each.owner === owner)
  if (!area) throw new Error(`no area ${owner} in ${areas.map((each) => each.owner).join(', ')}`)
  return area.lba
}
let image: Buffer
beforeAll(async () => {
  image = Buffer.from(await isoBytes(tree, options))
})

/** Offset of the record of an identifier in a directory. */
const recordOf = (bytes: Buffer, owner: string, identifier: string) =>
  bytes.indexOf(identifier, lba(owner) * SECTOR, 'latin1') - 33
const both32 = (bytes: Buffer, at: number, value: number) => {
  u32le.write(bytes, at, value, '')
  u32be.write(bytes, at + 4, value, '')
}
const flip = (bytes: Buffer, at: number) => {
  bytes[at] = (bytes[at] ?? 0) ^ 1
}
const root = 'directory /'
const joliet = 'Joliet directory /'

const planted: [fault: string, change: (bytes: Buffer) => Uint8Array | void, expected: IsoRule[]][] = [
  ['path table L wrong', (b) => flip(b, lba('path table L') * SECTOR + 2), ['iso/path-table-l']],
  [
    'path table L without a directory',
    (b) => both32(b, PVD + 132, u32le.read(b, PVD + 132, '') - 12),
    ['iso/path-table-l', 'iso/path-table-m'],
  ],
  ['path table M wrong', (b) => flip(b, lba('path table M') * SECTOR + 5), ['iso/path-table-m']],
  [
    'path table M with a wrong parent',
    (b) => void (b[lba('path table M') * SECTOR + 7 + 10] = 2),
    ['iso/path-table-m'],
  ],
  ['halves of a record differ', (b) => flip(b, recordOf(b, root, 'Z.;1') + 17), ['iso/both-endian']],
  ['halves of the volume size differ', (b) => flip(b, PVD + 87), ['iso/both-endian']],
  [
    'halves of PX differ',
    (b) => flip(b, b.indexOf('PX', recordOf(b, root, 'Z.;1')) + 11),
    ['iso/both-endian'],
  ],
  ['volume larger than the file', (b) => both32(b, PVD + 80, 100_000), ['iso/volume-size']],
  [
    'file cut in half',
    (b) => b.subarray(0, lba('file /boot.img') * SECTOR),
    ['eltorito/extent', 'iso/extent', 'iso/volume-size'],
  ],
  ['no terminator', (b) => void b.fill(0, 19 * SECTOR, 19 * SECTOR + 7), ['iso/no-terminator']],
  ['no image', () => new Uint8Array(40_000), ['iso/descriptor']],
  ['no primary descriptor', (b) => void (b[PVD] = 3), ['iso/no-primary']],
  [
    'block size of 512',
    (b) => {
      u16le.write(b, PVD + 128, 512, '')
      b.writeUInt16BE(512, PVD + 130)
    },
    ['iso/block-size'],
  ],
  ['extent outside the volume', (b) => both32(b, recordOf(b, root, 'Z.;1') + 2, 90_000), ['iso/extent']],
  ['record too short', (b) => void (b[recordOf(b, root, 'Z.;1')] = 20), ['iso/record-length']],
  ['identifier too long', (b) => void (b[recordOf(b, root, 'Z.;1') + 32] = 200), ['iso/identifier-length']],
  [
    'directory loop',
    (b) => both32(b, recordOf(b, 'directory /dir', 'SUB') + 2, lba(root)),
    ['iso/directory-loop'],
  ],
  ["'.' elsewhere", (b) => both32(b, lba('directory /dir') * SECTOR + 2, lba(root)), ['iso/self']],
  [
    "'..' elsewhere",
    (b) =>
      both32(
        b,
        lba('directory /dir/sub') * SECTOR + (b[lba('directory /dir/sub') * SECTOR] ?? 0) + 2,
        lba(root),
      ),
    ['iso/parent'],
  ],
  ['last section missing', (b) => void (b[recordOf(b, root, 'Z.;1') + 25] = 128), ['iso/multi-extent']],
  ['directory not in order', (b) => void b.write('A.;1', recordOf(b, root, 'Z.;1') + 33), ['iso/order']],
  ['Joliet directory not in order', (b) => void (b[recordOf(b, joliet, '\0z') + 34] = 0x21), ['iso/order']],
  ['lower-case identifier', (b) => void b.write('z', recordOf(b, root, 'Z.;1') + 33), ['iso/d-characters']],
  [
    'identifier twice',
    (b) => void b.write('LINK.;1', recordOf(b, 'directory /dir', 'FILE.;1') + 33),
    ['iso/duplicate'],
  ],
  [
    'Joliet escape sequence missing',
    (b) => void b.fill(0, 18 * SECTOR + 88, 18 * SECTOR + 91),
    ['joliet/escape'],
  ],
  [
    'system use entry of length 0',
    (b) => void (b[b.indexOf('PX', recordOf(b, root, 'Z.;1')) + 2] = 0),
    ['susp/length'],
  ],
  [
    'SP missing',
    (b) => void b.fill(0, lba(root) * SECTOR + 34, lba(root) * SECTOR + 41),
    ['susp/sp-missing'],
  ],
  [
    'continuation elsewhere',
    (b) => both32(b, b.indexOf('CE', recordOf(b, 'directory /dir', 'LINK.;1')) + 4, 99_999),
    ['susp/continuation'],
  ],
  [
    'continuation without end',
    (b) => {
      const entry = b.indexOf('CE', recordOf(b, 'directory /dir', 'LINK.;1'))
      const area = u32le.read(b, entry + 4, '') * SECTOR + u32le.read(b, entry + 12, '')
      b.copy(b, area, entry, entry + 28)
    },
    ['susp/continuation', 'susp/length'],
  ],
  [
    'mode of a directory',
    (b) => {
      const at = b.indexOf('PX', recordOf(b, root, 'Z.;1')) + 4
      both32(b, at, 0o040755)
    },
    ['rr/mode'],
  ],
  ['El Torito checksum', (b) => flip(b, lba('file /boot.cat') * SECTOR + 4), ['eltorito/checksum']],
  [
    'El Torito header id',
    (b) => {
      const at = lba('file /boot.cat') * SECTOR
      b[at] = 2
      b.writeUInt16LE((b.readUInt16LE(at + 28) + 0xffff) % 0x10000, at + 28)
    },
    ['eltorito/header'],
  ],
  [
    'El Torito key',
    (b) => void (b[lba('file /boot.cat') * SECTOR + 31] = 0),
    ['eltorito/checksum', 'eltorito/key'],
  ],
  [
    'El Torito image out of range',
    (b) => void b.writeUInt32LE(99_999, lba('file /boot.cat') * SECTOR + 40),
    ['eltorito/extent'],
  ],
  [
    'El Torito catalogue out of range',
    (b) => void b.writeUInt32LE(99_999, 17 * SECTOR + 71),
    ['eltorito/extent'],
  ],
  [
    'boot info table with a wrong sum',
    (b) => flip(b, lba('file /boot.img') * SECTOR + 20),
    ['eltorito/boot-info-table'],
  ],
  [
    'boot info table with a wrong length',
    (b) => flip(b, lba('file /boot.img') * SECTOR + 16),
    ['eltorito/boot-info-table'],
  ],
]

describe('lintIso finds', () => {
  test.each(planted)('%s', async (_, change, expected) => {
    const copy = Buffer.from(image)
    const changed = change(copy) ?? copy
    const findings = await lint(changed)
    expect([...new Set(findings.map(({ rule }) => rule))].sort()).toEqual(expected)
  })

  test('a fault of every rule there is', () => {
    const found = new Set(planted.flatMap(([, , expected]) => expected))
    expect([...found].sort()).toEqual(Object.keys(isoRules).sort())
  })

  test('where a fault is', async () => {
    const copy = Buffer.from(image)
    const at = recordOf(copy, root, 'Z.;1')
    both32(copy, at + 2, 90_000)
    expect(await lint(copy)).toMatchObject([
      { rule: 'iso/extent', severity: 'error', offset: at + 2, subject: '/Z.;1', section: 'ECMA-119 §6.4' },
    ])
  })
})

describe('lintIso has nothing to say about', () => {
  const shell = (script: string) =>
    execFileSync('sh', ['-ec', script], {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 100_000,
    })

  test('ours', async () => {
    expect(await lint(image)).toEqual([])
    const edge = new Tree().merge(edgeTree())
    const boot = bootOptions().boot
    if (!boot) throw new Error('the sample does not boot')
    const hybrid = { ...bootOptions(), boot: { ...boot, uefi: { esp: zeros(720 * 1024) } } }
    const bytes = await isoBytes(addIsolinux(edgeTree()), hybrid)
    expect(await lint(bytes)).toEqual([])
    // The volume of partition 1 is checked as well, by its own numbers.
    const at = 32 * SECTOR
    expect(String.fromCharCode(...bytes.subarray(at + 1, at + 6))).toBe('CD001')
    const [root] = [u32le.read(bytes, at + 158, '') * SECTOR + 16 * SECTOR]
    bytes[(root ?? 0) + 2] = 0xff
    const offsets = await lint(bytes)
    expect(offsets.map(({ rule, offset, subject }) => [rule, offset, subject])).toContainEqual([
      'iso/self',
      root,
      'partition 1, /',
    ])
    for (const more of [{}, { joliet: true, rockRidge: false }, { joliet: false }])
      expect(await lint(await isoBytes(edge, { volumeId: 'x', created: 0, ...more }))).toEqual([])
  })

  test.each([
    ['xorriso', 'xorriso -as mkisofs -quiet -o x.iso t', 'x'],
    [
      'xorriso -J -R, hybrid with two boot images',
      'xorriso -as mkisofs -quiet -J -R -V "a b" -b boot.img -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table -eltorito-alt-boot -e efi.img -no-emul-boot -isohybrid-gpt-basdat -partition_offset 16 -o b.iso t',
      'b',
    ],
    [
      'xorriso, appended partition, GRUB',
      'xorriso -as mkisofs -quiet -J -R -b boot.img -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info -append_partition 2 0xef t/efi.img -eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot -o g.iso t',
      'g',
    ],
    [
      'xorriso for isolinux, which keeps lower case',
      'xorriso -as mkisofs -quiet -J -R -b boot.img -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table -isohybrid-mbr /usr/lib/ISOLINUX/isohdpfx.bin -o k.iso t',
      'k',
    ],
    [
      'genisoimage -J -R, deep',
      'genisoimage -quiet -m long -J -R -joliet-long -b boot.img -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table -o i.iso t',
      'i',
    ],
    ['genisoimage -r', 'genisoimage -quiet -m long -r -o r.iso t', 'r'],
    ['genisoimage -iso-level 4', 'genisoimage -quiet -m long -iso-level 4 -R -o four.iso t', 'four'],
    ['bsdtar', 'bsdtar -cf d.iso --format=iso9660 -C t .', 'd'],
  ])('%s', async (_, command, name) => {
    if (name === 'x') {
      mkdirSync(join(folder, 't/d1/d2/d3/d4/d5/d6/d7/d8/d9'), { recursive: true })
      mkdirSync(join(folder, 't/many'))
      for (let i = 0; i < 200; i++)
        writeFileSync(join(folder, `t/many/A file with a long name, number ${i}.tar.gz`), String(i))
      writeFileSync(join(folder, 't/boot.img'), pattern(20_000, 3))
      writeFileSync(join(folder, 't/efi.img'), pattern(70_000, 4))
      shell(`cd t; for n in a A.b .hidden a.b.c README ÄÖ empty; do echo $n > $n; done; : > empty; : > e2
        ln -s ../many many/up; ln a hard; chmod 4711 a; mkfifo fifo; ln -s "$(printf '%0200d/%0200d' 1 2)" long; cp a d1/d2/d3/d4/d5/d6/d7/d8/d9/deep`)
    }
    shell(command)
    const findings = await lint(readFileSync(join(folder, `${name}.iso`)))
    expect(findings.slice(0, 5)).toEqual([])
  })

  test('but a long link by genisoimage 1.1.11, which is cut in the middle', async () => {
    shell('mkdir l; ln -s "$(printf %0200d/%0200d 1 2)" l/long; genisoimage -quiet -R -o l.iso l')
    const findings = await lint(readFileSync(join(folder, 'l.iso')))
    expect(findings).toMatchObject([{ rule: 'susp/length', subject: '/LONG.;1' }])
  })
})
