import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RawEntry, rawArchive, rawEntry, trailerEntry } from '../test/archive.ts'
import { sampleTree } from '../test/trees.ts'
import { type InitrdRule, initrdRules, lintInitrd, writeInitrd, writeSegments } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-lint-initrd-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const shell = (script: string) =>
  execFileSync('sh', ['-ec', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })

async function lint(bytes: Uint8Array) {
  const findings = []
  for await (const finding of lintInitrd(fromBytes(bytes))) findings.push(finding)
  return findings
}
const rules = async (bytes: Uint8Array) => [...new Set((await lint(bytes)).map(({ rule }) => rule))].sort()

const dir = (name: string): RawEntry => ({ name, mode: 0o040755, nlink: 2 })
const good = [
  dir('etc'),
  { name: 'etc/a', content: 'abc', ino: 2 },
  { name: 'l', mode: 0o120777, content: 'etc/a' },
]
const raw = (...entries: RawEntry[]) => rawArchive(...entries)
const edited = (bytes: Buffer, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}
const at = (bytes: Buffer, text: string) => bytes.indexOf(text)
const hardLink = (name: string, over: Partial<RawEntry>): RawEntry => ({ name, ino: 7, nlink: 2, ...over })

const planted: [fault: string, bytes: () => Buffer, expected: InitrdRule[]][] = [
  ['no trailer', () => Buffer.concat(good.map(rawEntry)), ['newc/no-trailer']],
  [
    'no trailer, compressed',
    () => gzipSync(Buffer.concat(good.map(rawEntry))),
    ['newc/compressed-no-trailer'],
  ],
  ['cut in content', () => raw({ name: 'a', content: 'x'.repeat(500) }).subarray(0, 300), ['newc/truncated']],
  ['cut in a header', () => raw(...good).subarray(0, 150), ['newc/truncated']],
  [
    'content not padded',
    () => Buffer.concat([rawEntry({ name: 'a', content: 'xyz!!' }).subarray(0, -3), trailerEntry]),
    ['newc/data-padding'],
  ],
  [
    'last content not padded',
    () => rawEntry({ name: 'a', content: 'xyz!!' }).subarray(0, -3),
    ['newc/data-padding', 'newc/no-trailer'],
  ],
  ['name without NUL', () => raw({ name: Buffer.from('ab') }), ['newc/name-nul']],
  ['extra NULs in a name', () => raw({ name: Buffer.from('ab\0\0\0') }), ['newc/name-padding']],
  [
    'bad magic in the second header',
    () => raw(...good.slice(0, 1), { name: 'a', magic: '070707' }),
    ['newc/magic'],
  ],
  [
    '070702 with a wrong sum',
    () => raw({ name: 'a', magic: '070702', content: 'abc', check: 1 }),
    ['newc/checksum'],
  ],
  ['field that is not hexadecimal', () => edited(raw(...good), (b) => b.write('0x', 6)), ['newc/hex']],
  ['directory with content', () => raw({ ...dir('d'), content: 'x' }), ['newc/special-data']],
  ['fifo with content', () => raw({ name: 'p', mode: 0o010644, content: 'x' }), ['newc/special-data']],
  ['symlink without target', () => raw({ name: 'l', mode: 0o120777 }), ['newc/symlink-empty']],
  [
    'duplicate name',
    () => raw({ name: 'a', content: '1' }, { name: './a', content: '2' }),
    ['newc/duplicate'],
  ],
  ['child before its directory', () => raw({ name: 'd/a' }, dir('d')), ['newc/parent']],
  ['no directory at all', () => raw({ name: 'd/e/a' }), ['newc/parent']],
  [
    'two files, one inode, two links',
    () => raw(hardLink('a', { content: '1' }), hardLink('b', { content: '2' })),
    ['newc/inode-clash'],
  ],
  [
    'two files of inode 0',
    () => raw(hardLink('a', { ino: 0, content: '1' }), hardLink('b', { ino: 0, mode: 0o100600 })),
    ['newc/inode-clash'],
  ],
  [
    'more names than links',
    () => raw(hardLink('a', {}), hardLink('b', {}), hardLink('c', {})),
    ['newc/inode-clash'],
  ],
  ['junk after the trailer', () => Buffer.concat([raw(...good), Buffer.from('junk')]), ['newc/junk']],
  [
    'second archive appended',
    () => Buffer.concat([raw(...good), raw({ name: 'b' })]),
    ['newc/second-archive'],
  ],
  [
    'second archive off its border',
    () => Buffer.concat([raw(...good), Buffer.alloc(2), gzipSync(raw({ name: 'b' }))]),
    ['newc/alignment'],
  ],
  ['component over 255 bytes', () => raw({ name: 'n'.repeat(256) }), ['newc/name-length']],
  ['path over 4095 bytes', () => raw({ name: 'n/'.repeat(2500) }), ['newc/name-length']],
  ["'..' in a name", () => raw(dir('d'), { name: 'd/../a' }), ['newc/name-escape']],
  ['absolute name', () => raw({ name: '/a' }), ['newc/name-absolute']],
  ['unknown type', () => raw({ name: 'a', mode: 0o030644 }), ['newc/type']],
  [
    'file over a directory with entries',
    () => raw(dir('d'), { name: 'd/a' }, { name: 'd' }),
    ['newc/dropped', 'newc/duplicate'],
  ],
  ['damaged gzip', () => edited(gzipSync(raw(...good)), (b) => b.fill(0x55, 20, 40)), ['initrd/compressed']],
  ['junk in a segment', () => gzipSync(Buffer.concat([raw(...good), Buffer.from('junk')])), ['newc/junk']],
  [
    'microcode in a compressed segment',
    () =>
      gzipSync(
        raw(dir('kernel'), dir('kernel/x86'), dir('kernel/x86/microcode'), {
          name: 'kernel/x86/microcode/GenuineIntel.bin',
          content: 'u',
        }),
      ),
    ['initrd/microcode'],
  ],
  ['lz4 frame', () => Buffer.from('04224d18', 'hex'), ['initrd/lz4-frame']],
  ['lz4 legacy, cut', () => Buffer.from('02214c18ff', 'hex'), ['initrd/compressed']],
  ['bzip2', () => Buffer.from('BZh9'), ['initrd/unread']],
]

describe('lintInitrd finds', () => {
  test.each(planted)('%s', async (_, bytes, expected) => {
    expect(await rules(bytes())).toEqual(expected)
  })

  test('xz with another check than CRC32', async () => {
    writeFileSync(join(folder, 'x.cpio'), raw(...good))
    shell('xz -k --check=crc64 x.cpio; mv x.cpio.xz bad.xz; xz -k --check=crc32 x.cpio')
    expect(await rules(readFileSync(join(folder, 'bad.xz')))).toEqual(['initrd/xz-check'])
    expect(await rules(readFileSync(join(folder, 'x.cpio.xz')))).toEqual([])
  })

  test('a fault of every rule there is', () => {
    const found = new Set([...planted.flatMap(([, , expected]) => expected), 'initrd/xz-check'])
    expect([...found].sort()).toEqual(Object.keys(initrdRules).sort())
  })

  test('where a fault is, in the file and in its segment', async () => {
    const first = gzipSync(raw(...good))
    const bytes = Buffer.concat([first, gzipSync(raw({ name: 'ok' }, { name: 'd/a' }))])
    const [found] = await lint(bytes)
    expect(found).toMatchObject({
      rule: 'newc/parent',
      offset: first.length,
      innerOffset: 116,
      subject: 'd/a',
      severity: 'error',
    })
    const plain = raw(...good, { name: 'x/y' })
    expect(await lint(plain)).toMatchObject([{ offset: at(plain, 'x/y') - 110 }])
  })
})

describe('lintInitrd has nothing to say about', () => {
  beforeAll(() => {
    shell(`
      mkdir -p t/etc t/bin t/kernel/x86/microcode; echo a > t/etc/a; ln t/etc/a t/etc/b; ln t/etc/a t/bin/c; ln -s ../etc t/bin/etc
      : > t/empty; : > t/empty2; ln t/empty t/empty3; mkfifo t/fifo; chmod 4755 t/etc/a
      (cd t && find . | cpio --quiet -o -H newc > ../gnu; find . | cpio --quiet -o -H crc > ../gnu-crc; find . | bsdcpio --quiet -o -H newc > ../bsd)
      (cd t && find . -depth | tac | bsdtar -cf ../bsdtar --format=newc -n -T -)
      mkdir -p e/kernel/x86/microcode; echo u > e/kernel/x86/microcode/GenuineIntel.bin; (cd e && find . | cpio --quiet -o -H newc > ../early)
      zstd -q gnu -o gnu.zst; lzma -k gnu; cat early gnu.zst > both; cat early gnu > early-gnu
    `)
  })

  test.each(['gnu', 'gnu-crc', 'bsd', 'bsdtar', 'gnu.zst', 'gnu.lzma', 'both', 'early-gnu'])(
    '%s',
    async (name) => {
      expect(await lint(readFileSync(join(folder, name)))).toEqual([])
    },
  )

  test('ours, in one segment or several', async () => {
    expect(await lint(await collect(writeInitrd(sampleTree()), 1e6))).toEqual([])
    const microcode = new Tree()
      .addDirectories('kernel/x86/microcode')
      .add('kernel/x86/microcode/GenuineIntel.bin', file(fromText('u')))
    const segments = [
      { name: 'early', tree: microcode, compression: 'none' },
      { name: 'a', tree: sampleTree(), compression: 'gzip' },
      {
        name: 'b',
        tree: new Tree().addDirectories('bin').add('bin/new', file(fromText('c'))),
        compression: 'zstd',
      },
    ] as const
    expect(await lint(await collect(writeSegments(segments), 1e6))).toEqual([])
  })
})
