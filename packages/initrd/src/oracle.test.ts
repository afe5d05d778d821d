import { execFileSync } from 'node:child_process'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { directory, file, symlink, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { inTemporaryDirectory, runTool } from '../test/tool.ts'
import { describeTree, LIMIT, sampleTree } from '../test/trees.ts'
import { readInitrd, segmentPadding, writeInitrd, writeSegments } from './index.ts'

const archive = (tree: Tree) => collect(writeInitrd(tree), LIMIT)

/** A tree that any user can unpack: no devices, no owners. */
function plainTree(): Tree {
  const shared = file(fromText('one inode\n'), { mode: 0o755, mtime: 1_600_000_000 })
  const tree = new Tree()
  tree.root = directory({ mode: 0o750, mtime: 1_000_000_000 })
  return tree
    .add('bin', directory({ mtime: 1_500_000_000 }))
    .add('bin/a', shared)
    .add('bin/b', shared)
    .add('large', file(fromBytes(new Uint8Array(2_000_003).fill(7)), { mtime: 9 }))
    .add('empty', file(fromText(''), { mode: 0o600, mtime: 9 }))
    .add('link', symlink('bin/a'))
    .add('näme ☃', file(fromText('x'), { mtime: 9 }))
    .add('pipe', { type: 'fifo', mode: 0o644, uid: 0, gid: 0, mtime: 9 })
}

describe('GNU cpio', () => {
  test('lists every kind of entry without a warning', async () => {
    const { code, stdout, stderr } = runTool('cpio', ['--quiet', '-itv', '-n'], {
      input: await archive(sampleTree()),
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.toString('latin1').trimEnd().split('\n')
    const tidy = lines.map((line) => line.replace(/ +/g, ' '))
    expect(tidy).toEqual([
      'drwx--x--x 2 0 0 0 Jan 1 1970 .',
      'drwxr-xr-x 2 0 0 0 Jul 14 2017 bin',
      '-rwxr-xr-x 3 0 0 0 Sep 13 2020 bin/a',
      '-rwxr-xr-x 3 0 0 0 Sep 13 2020 bin/b',
      '-rwxr-xr-x 3 0 0 10 Sep 13 2020 bin/c',
      '-rwsr-xr-x 1 0 0 6 Jan 1 1970 bin/su',
      'drwxr-xr-x 2 0 0 0 Jan 1 1970 dev',
      'crw------- 1 0 0 5, 1 Jan 1 1970 dev/console',
      'brw-rw---- 1 0 6 7, 7 Jan 1 1970 dev/loop7',
      '-rw------- 1 1000 4294967294 0 Jan 1 1970 empty',
      'lrwxrwxrwx 1 0 0 5 Feb 7 2106 init -> bin/a',
      expect.stringMatching(/^-rw-r--r-- 1 0 0 2 Jan 1 1970 .*utf8"?$/),
      expect.stringMatching(/^-rw-r--r-- 1 0 0 1 Jan 1 1970 /),
      'prw-r--r-- 1 0 0 0 Jan 1 1970 pipe',
      'srwxr-xr-x 1 0 0 0 Jan 1 1970 socket',
      'drwxrwxrwt 2 0 0 0 Jan 1 1970 tmp',
    ])
  })

  test('unpacks what was put in', async () => {
    const input = await archive(plainTree())
    await inTemporaryDirectory((path) => {
      const { code, stderr } = runTool('cpio', ['--quiet', '-im', '--no-preserve-owner'], {
        input,
        cwd: path,
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expectPlainTree(path)
    })
  })
})

describe('checksums', () => {
  test('are those of GNU cpio, which proves them', async () => {
    const input = await collect(writeInitrd(plainTree(), { checksum: true }), LIMIT)
    await inTemporaryDirectory((path) => {
      const options = ['--quiet', '-imu', '--no-preserve-owner']
      expect(runTool('cpio', options, { input, cwd: path })).toMatchObject({ code: 0, stderr: '' })
      expectPlainTree(path)
      const damaged = Buffer.from(input)
      damaged[damaged.indexOf('one inode')] = 0x4f
      expect(runTool('cpio', options, { input: damaged, cwd: path }).stderr).toMatch(/checksum error/)
    })
  })
})

describe('bsdtar and bsdcpio', () => {
  test('bsdtar lists the same', async () => {
    const { code, stdout, stderr } = runTool('bsdtar', ['-tvf', '-'], { input: await archive(sampleTree()) })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.toString('latin1').trimEnd().split('\n')
    const tidy = lines.map((line) => line.replace(/ +/g, ' '))
    expect(tidy).toHaveLength(16)
    expect(tidy).toContain('-rwxr-xr-x 3 0 0 10 Sep 13 2020 bin/c link to bin/a')
    expect(tidy).toContain('crw------- 1 0 0 5,1 Jan 1 1970 dev/console')
    expect(tidy).toContain('lrwxrwxrwx 1 0 0 5 Feb 7 2106 init -> bin/a')
  })

  test('bsdcpio unpacks what was put in', async () => {
    const input = await archive(plainTree())
    await inTemporaryDirectory((path) => {
      const { code } = runTool('bsdcpio', ['-im', '--quiet', '--no-preserve-owner'], { input, cwd: path })
      expect(code).toBe(0)
      expectPlainTree(path)
    })
  })
})

describe('segments', () => {
  test('the tools unpack a segment to what GNU cpio lists', async () => {
    for (const compression of ['gzip', 'zstd', 'xz', 'lzma', 'lz4'] as const) {
      const packed = await collect(writeSegments([{ name: 'all', tree: plainTree(), compression }]), LIMIT)
      const plain = runTool(compression, ['-dc'], { input: packed })
      expect(plain.code).toBe(0)
      expect(plain.stdout.equals(await archive(plainTree()))).toBe(true)
      expect(runTool('cpio', ['--quiet', '-it'], { input: plain.stdout }).code).toBe(0)
    }
  })
})

describe('what the tools write, we read', () => {
  const writers: [string, string[], boolean][] = [
    ['cpio', ['--quiet', '-o', '-H', 'newc'], false],
    ['cpio', ['--quiet', '-o', '-H', 'crc'], false],
    ['cpio', ['--quiet', '-o', '-H', 'newc', '--reproducible'], false],
    ['bsdcpio', ['--quiet', '-o', '-H', 'newc'], false],
    ['bsdtar', ['--format', 'newc', '-cnf', '-', '-T', '-'], true],
  ]
  test.each(writers)('%s %j', async (command, args) => {
    await inTemporaryDirectory(async (path) => {
      makeOnDisk(path)
      const names = execFileSync('find', ['.'], { cwd: path })
      const { code, stdout } = runTool(command, args, { input: names, cwd: path })
      expect(code).toBe(0)
      const { tree, dropped, segments } = await readInitrd(fromBytes(stdout))
      expect(dropped).toEqual([])
      expect(segments).toHaveLength(1)
      expect(await describeTree(tree)).toEqual(await describeTree(treeOnDisk(path)))
    })
  })

  test('compressed by gzip, zstd, xz, lzma and lz4, with other archives around', async () => {
    await inTemporaryDirectory(async (path) => {
      makeOnDisk(path)
      const names = execFileSync('find', ['.'], { cwd: path })
      const plain = runTool('cpio', ['--quiet', '-o', '-H', 'newc'], { input: names, cwd: path }).stdout
      const by = (command: string, ...args: string[]) => runTool(command, args, { input: plain }).stdout
      const packed = [plain, by('gzip', '-9'), by('zstd', '-c'), by('xz', '-c', '--check=crc32')]
      const length = packed.reduce((sum, part) => sum + part.length, 0)
      const lz4 = [by('lz4', '-l', '-c'), Buffer.alloc(4)]
      const lzma = by('xz', '-c', '--format=lzma')
      const parts = [...packed, Buffer.alloc(segmentPadding(length, 'xz')), plain, lzma, ...lz4, lzma]
      const { tree, segments } = await readInitrd(fromBytes(Buffer.concat(parts)))
      expect(segments.map(({ compression }) => compression)).toEqual([
        'none',
        'gzip',
        'zstd',
        'xz',
        'none',
        'lzma',
        'lz4',
        'lzma',
      ])
      expect(segments.every(({ contentSize }) => contentSize > plain.length - 512)).toBe(true)
      expect(await describeTree(tree)).toEqual(await describeTree(treeOnDisk(path)))
    })
  })
})

function expectPlainTree(path: string): void {
  const at = (name: string) => lstatSync(join(path, name))
  expect(readFileSync(join(path, 'bin/a'), 'utf8')).toBe('one inode\n')
  expect(at('bin/a').ino).toBe(at('bin/b').ino)
  expect(at('bin/a').mode).toBe(0o100755)
  expect(at('bin/b').mtimeMs).toBe(1_600_000_000_000)
  expect(readFileSync(join(path, 'large')).equals(Buffer.alloc(2_000_003, 7))).toBe(true)
  expect(at('empty')).toMatchObject({ size: 0, mode: 0o100600, mtimeMs: 9000 })
  expect(readlinkSync(join(path, 'link'))).toBe('bin/a')
  expect(readFileSync(join(path, 'näme ☃'), 'utf8')).toBe('x')
  expect(at('pipe').isFIFO()).toBe(true)
}

function makeOnDisk(path: string): void {
  mkdirSync(join(path, 'sub/deeper'), { recursive: true })
  writeFileSync(join(path, 'sub/text'), 'some text', { mode: 0o640 })
  writeFileSync(join(path, 'sub/deeper/empty'), '')
  writeFileSync(
    join(path, 'noise'),
    Uint8Array.from({ length: 200_001 }, (_, i) => (i * i) % 256),
  )
  writeFileSync(join(path, 'ünïcode'), 'u')
  linkSync(join(path, 'noise'), join(path, 'sub/noise-too'))
  symlinkSync('../noise', join(path, 'sub/link'))
  execFileSync('mkfifo', [join(path, 'pipe')])
  utimesSync(join(path, 'noise'), 1, 1_234_567_890)
}

function treeOnDisk(path: string): Tree {
  const tree = new Tree()
  const metadata = (name: string) => {
    const { mode, uid, gid, mtimeMs } = lstatSync(join(path, name))
    return { mode: mode % 0o10000, uid, gid, mtime: Math.floor(mtimeMs / 1000) }
  }
  const noise = file(fileSource(join(path, 'noise')), metadata('noise'))
  tree.root = directory(metadata('.'))
  for (const name of ['sub', 'sub/deeper']) tree.add(name, directory(metadata(name)))
  for (const name of ['sub/text', 'sub/deeper/empty', 'ünïcode']) {
    tree.add(name, file(fileSource(join(path, name)), metadata(name)))
  }
  return tree
    .add('noise', noise)
    .add('sub/noise-too', noise)
    .add('sub/link', symlink('../noise', metadata('sub/link')))
    .add('pipe', { type: 'fifo', ...metadata('pipe') })
}
