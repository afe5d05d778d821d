// What Linux does with archives written by hand, one row a rule. Each stands in a directory of its own, so that one boot can
// take many; those that end the unpacking are the last in a boot of their own.
import { execFileSync } from 'node:child_process'
import { fromText, zeros } from '@ros/bytes'
import { type Segment, writeInitrd, writeSegments } from '@ros/initrd'
import { device, directory, file, symlink, Tree, type TreeNode } from '@ros/tree'
import { type RawEntry, rawArchive, rawEntry, trailerEntry } from '../../packages/initrd/test/archive.ts'
import { type Seen, sha256Of } from './guest.ts'

export interface KernelCase {
  readonly name: string
  /** Archives, to be put at a multiple of 4. */
  readonly bytes: () => Uint8Array
  /** What is there afterwards: a file's text, some of what is seen, or null for nothing. */
  readonly expected: Readonly<Record<string, string | Partial<Seen> | null>>
  /** Has to be the last: what follows would be read as part of it. */
  readonly last?: boolean
  /** The kernel stops unpacking, and says this. */
  readonly message?: RegExp
  /** Our reader does not refuse it or holds less: what lint says of it. */
  readonly lint?: string
  /** What our writer says to a tree, or segments, that mean this. */
  readonly refused?: readonly [code: string, write: () => AsyncIterable<Uint8Array>]
}

const DIRECTORY = 0o040755
const SYMLINK = 0o120777
const dir = (name: string): RawEntry => ({ name, mode: DIRECTORY })
const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)
const nul = (count: number) => Buffer.alloc(count)
const text = (content: string) => file(fromText(content))
const tree = (path: string, node: TreeNode) => writeInitrd(new Tree().add(path, node))

/** Archive or bytes through a compressor's command line tool: the kernel's word on tools, not on ours. */
const by = (command: string, bytes: Uint8Array) =>
  execFileSync('sh', ['-c', command], { input: bytes, maxBuffer: 2 ** 26 })
const packed = (command: string, name: string) => by(command, rawArchive(dir(name), entry(`${name}/x`)))
const entry = (name: string): RawEntry => ({ name, content: name })

const x255 = 'x'.repeat(255)
/** A path of this many bytes, its directories, and a file at its end. */
function deep(top: string, bytes: number): RawEntry[] {
  const entries = [dir(top)]
  let path = top
  while (bytes - path.length > 200) {
    path += `/${'d'.repeat(150)}`
    entries.push(dir(path))
  }
  const name = `${path}/`.padEnd(bytes, 'f')
  return [...entries, { name, content: 'deep' }]
}
const deepPath = (top: string, bytes: number) => deep(top, bytes).at(-1)?.name as string

const segments = (...parts: readonly Segment[]) => writeSegments(parts)
const plain = (name: string, of: Tree): Segment => ({ name, tree: of, compression: 'none' })

export const accepted: readonly KernelCase[] = [
  {
    name: 'archives one after the other, zeros between them',
    bytes: () =>
      join(
        ...[0, 4, 512, 4096].flatMap((zerosBefore, i) => [
          nul(zerosBefore),
          rawArchive(dir('a1'), entry(`a1/${i}`)),
        ]),
      ),
    expected: { 'a1/0': 'a1/0', 'a1/1': 'a1/1', 'a1/2': 'a1/2', 'a1/3': 'a1/3' },
  },
  {
    name: 'entries straight behind an end',
    bytes: () => join(rawArchive(dir('a2')), rawEntry(entry('a2/x')), trailerEntry),
    expected: { 'a2/x': 'a2/x' },
  },
  ...Object.entries({
    gzip: 'gzip -c',
    zstd: 'zstd -c',
    'xz with CRC32': 'xz -c --check=crc32',
    'xz in several blocks': 'xz -c --check=crc32 --block-size=100',
    'xz without a check': 'xz -c --check=none',
    lzma: 'xz -c --format=lzma',
    'lz4, legacy frame': 'lz4 -l -c',
  }).map(([name, command], i): KernelCase => {
    // lz4 ends only at four zeros.
    return { name, bytes: () => join(packed(command, `b${i}`), nul(4)), expected: { [`b${i}/x`]: `b${i}/x` } }
  }),
  {
    name: 'two zstd frames in a row, each with archives',
    bytes: () => join(packed('zstd -c', 'b10'), packed('zstd -c', 'b11')),
    expected: { 'b10/x': 'b10/x', 'b11/x': 'b11/x' },
  },
  ...[1, 3].map((count): KernelCase => {
    const [first, second] = [`b2${count}`, `b3${count}`]
    return {
      name: `${count} zeros between compressed segments`,
      bytes: () => join(packed('gzip -c', first), nul(count), packed('zstd -c', second)),
      expected: { [`${first}/x`]: `${first}/x`, [`${second}/x`]: `${second}/x` },
    }
  }),
  {
    name: 'hexadecimal digits of either case',
    bytes: () => {
      const archive = rawArchive(dir('c1'), { ...entry('c1/x'), mtime: 0xabcdef })
      return Buffer.from(archive.toString('latin1').replace('00abcdef', '00AbCdEf'), 'latin1')
    },
    expected: { 'c1/x': { mtime: 0xabcdef } },
  },
  {
    name: 'magic 070702 with the right sum',
    bytes: () => rawArchive(dir('c2'), { name: 'c2/x', content: 'ab', magic: '070702', check: 97 + 98 }),
    expected: { 'c2/x': 'ab' },
  },
  {
    name: './x, /abs and dir/',
    bytes: () => rawArchive(dir('c3/'), entry('./c3/x'), entry('/c3/y')),
    expected: { c3: { type: 'directory' }, 'c3/x': './c3/x', 'c3/y': '/c3/y' },
  },
  {
    name: 'every type of node',
    bytes: () =>
      rawArchive(
        dir('c4'),
        { name: 'c4/link', mode: SYMLINK, content: '../else/where' },
        { name: 'c4/char', mode: 0o020640, rdev: [5, 1], gid: 5 },
        { name: 'c4/block', mode: 0o060600, rdev: [259, 70_000] },
        { name: 'c4/pipe', mode: 0o010644 },
        { name: 'c4/socket', mode: 0o140755 },
        { name: 'c4/su', mode: 0o104755, content: 'x' },
        { name: 'c4/empty', mode: 0o100000 },
        { name: 'c4/sticky', mode: 0o041777 },
      ),
    expected: {
      'c4/link': { type: 'symlink', target: '../else/where' },
      'c4/char': { type: 'character', rdev: '5:1', mode: 0o640, gid: 5 },
      'c4/block': { type: 'block', rdev: '259:70000' },
      'c4/pipe': { type: 'fifo', mode: 0o644 },
      'c4/socket': { type: 'socket', mode: 0o755 },
      'c4/su': { type: 'file', mode: 0o4755 },
      'c4/empty': { type: 'file', mode: 0, size: 0 },
      'c4/sticky': { type: 'directory', mode: 0o1777 },
    },
  },
  {
    name: 'times are unsigned, owners as well',
    bytes: () =>
      rawArchive(dir('c5'), { name: 'c5/x', mtime: 0xffff_ffff, uid: 0xffff_fffe, gid: 0x8000_0000 }),
    expected: { 'c5/x': { mtime: 4_294_967_295, uid: 4_294_967_294, gid: 2_147_483_648 } },
  },
  {
    name: 'a later file over a file, a link and an empty directory',
    bytes: () =>
      join(
        rawArchive(
          dir('d1'),
          { name: 'd1/file', content: 'old and longer' },
          { name: 'd1/link', mode: SYMLINK, content: 'file' },
          dir('d1/dir'),
        ),
        rawArchive(entry('d1/file'), entry('d1/link'), entry('d1/dir')),
      ),
    expected: { 'd1/file': 'd1/file', 'd1/link': 'd1/link', 'd1/dir': 'd1/dir' },
  },
  ...(['first', 'last'] as const).map((place): KernelCase => {
    const top = `e-${place}`
    const link = (name: string, content: string): RawEntry => ({
      name: `${top}/${name}`,
      ino: 7,
      nlink: 2,
      content,
    })
    return {
      name: `hard links, the content at the ${place} name`,
      bytes: () =>
        rawArchive(
          dir(top),
          link('a', place === 'first' ? 'both' : ''),
          link('b', place === 'last' ? 'both' : ''),
        ),
      expected: {
        [`${top}/a`]: { size: 4, links: [`${top}/a`, `${top}/b`] },
        [`${top}/b`]: { size: 4, links: [`${top}/a`, `${top}/b`] },
      },
    }
  }),
  {
    name: 'one inode number with one link each: two files',
    bytes: () => rawArchive(dir('e3'), { ...entry('e3/a'), ino: 7 }, { ...entry('e3/b'), ino: 7 }),
    expected: { 'e3/a': 'e3/a', 'e3/b': 'e3/b' },
  },
  {
    name: 'links do not reach from one archive into the next',
    bytes: () =>
      join(
        rawArchive(dir('e4'), { ...entry('e4/a'), ino: 7, nlink: 2 }),
        rawArchive({ ...entry('e4/b'), ino: 7, nlink: 2 }),
      ),
    expected: { 'e4/a': 'e4/a', 'e4/b': 'e4/b' },
  },
  {
    name: 'names of 255 bytes, a path of 4095',
    bytes: () => rawArchive(dir('f1'), { name: `f1/${x255}`, content: 'long' }, ...deep('f2', 4095)),
    expected: { [`f1/${x255}`]: 'long', [deepPath('f2', 4095)]: 'deep' },
  },
]

export const lost: readonly KernelCase[] = [
  {
    name: 'two files of one inode number and two links become one',
    bytes: () =>
      rawArchive(
        dir('g1'),
        { name: 'g1/a', content: 'first', ino: 0, nlink: 2 },
        { name: 'g1/b', content: 'second', ino: 0, nlink: 2 },
      ),
    expected: { 'g1/a': { size: 6, links: ['g1/a', 'g1/b'] }, 'g1/b': { size: 6 } },
  },
  {
    name: 'a file without its directory',
    bytes: () => rawArchive(dir('g2'), entry('g2/no/x'), entry('g2/after')),
    expected: { 'g2/no': null, 'g2/no/x': null, 'g2/after': 'g2/after' },
    refused: ['ROS_TREE_PARENT', () => tree('no/x', text('x'))],
  },
  {
    name: 'a directory that comes after its files',
    bytes: () => rawArchive(dir('g3'), entry('g3/d/x'), dir('g3/d')),
    expected: { 'g3/d': { type: 'directory' }, 'g3/d/x': null },
  },
  {
    name: 'a name of 256 bytes',
    bytes: () => rawArchive(dir('g4'), { name: `g4/${x255}x`, content: 'x' }, entry('g4/after')),
    expected: { [`g4/${x255}x`]: null, 'g4/after': 'g4/after' },
    refused: ['ROS_INITRD_NAME', () => tree(`${x255}x`, text('x'))],
  },
  {
    name: 'a path of 4096 bytes',
    bytes: () => rawArchive(...deep('g5', 4096), entry('g5/after')),
    expected: { [deepPath('g5', 4096)]: null, 'g5/after': 'g5/after' },
    refused: [
      'ROS_TREE_PATH',
      () => {
        const path = deepPath('g5', 4096)
        const filled = new Tree().addDirectories(path.slice(0, path.lastIndexOf('/')))
        return writeInitrd(filled.add(path, text('x')))
      },
    ],
  },
  {
    name: 'a link to 4096 bytes',
    bytes: () =>
      rawArchive(dir('g6'), { name: 'g6/l', mode: SYMLINK, content: 'l'.repeat(4096) }, entry('g6/after')),
    expected: { 'g6/l': null, 'g6/after': 'g6/after' },
    refused: ['ROS_INITRD_NAME', () => tree('l', symlink('l'.repeat(4096)))],
  },
  {
    name: 'a link to nothing, which leads nowhere',
    bytes: () => rawArchive(dir('g7'), { name: 'g7/l', mode: SYMLINK, content: '' }, entry('g7/after')),
    expected: { 'g7/l': { type: 'symlink', target: '' }, 'g7/after': 'g7/after' },
    lint: 'newc/symlink-empty',
    refused: ['ROS_TREE_FIELD', () => tree('l', symlink(''))],
  },
  {
    name: 'a directory, a device with content',
    bytes: () =>
      rawArchive(
        dir('g8'),
        { name: 'g8/d', mode: DIRECTORY, content: 'x' },
        { name: 'g8/c', mode: 0o020600, rdev: [1, 3], content: 'x' },
        entry('g8/after'),
      ),
    expected: { 'g8/d': null, 'g8/c': null, 'g8/after': 'g8/after' },
  },
  {
    name: 'a type that there is not',
    bytes: () => rawArchive(dir('g9'), { name: 'g9/x', mode: 0o030644 }, entry('g9/after')),
    expected: { 'g9/x': null, 'g9/after': 'g9/after' },
  },
  {
    name: 'a file over a directory that has entries',
    bytes: () => rawArchive(dir('h1'), dir('h1/d'), entry('h1/d/x'), entry('h1/d')),
    expected: { 'h1/d': { type: 'directory' }, 'h1/d/x': 'h1/d/x' },
    refused: [
      'ROS_INITRD_CONFLICT',
      () =>
        segments(
          plain('one', new Tree().add('d', directory()).add('d/x', text('x'))),
          plain('two', new Tree().add('d', text('y'))),
        ),
    ],
  },
  {
    name: 'a file over one name of a hard link: all names change',
    bytes: () =>
      join(
        rawArchive(
          dir('h2'),
          { name: 'h2/a', content: 'old', ino: 7, nlink: 2 },
          { name: 'h2/b', ino: 7, nlink: 2 },
        ),
        rawArchive({ name: 'h2/b', content: 'other' }),
      ),
    expected: { 'h2/a': { size: 5, sha256: sha256Of('other'), links: ['h2/a', 'h2/b'] } },
    refused: [
      'ROS_INITRD_CONFLICT',
      () => {
        const shared = text('old')
        const first = new Tree().add('a', shared).add('b', shared)
        return segments(plain('one', first), plain('two', new Tree().add('b', text('other'))))
      },
    ],
  },
  {
    name: 'a device over one with another number',
    bytes: () =>
      rawArchive(
        dir('h3'),
        { name: 'h3/c', mode: 0o020600, rdev: [1, 3] },
        { name: 'h3/c', mode: 0o020666, rdev: [1, 5] },
      ),
    expected: { 'h3/c': { rdev: '1:3', mode: 0o666 } },
    refused: [
      'ROS_INITRD_CONFLICT',
      () => {
        const of = (minor: number) => new Tree().add('c', device('character', 1, minor))
        return segments(plain('one', of(3)), plain('two', of(5)))
      },
    ],
  },
  {
    name: 'a device number beyond 12 and 20 bits names another device',
    bytes: () =>
      rawArchive(
        dir('h4'),
        { name: 'h4/major', mode: 0o060600, rdev: [4096 + 8, 1] },
        { name: 'h4/minor', mode: 0o060600, rdev: [8, 2 ** 20 + 1] },
      ),
    expected: { 'h4/major': { rdev: '8:1' }, 'h4/minor': { rdev: '9:1' } },
    refused: ['ROS_INITRD_FIELD', () => tree('d', device('block', 4096 + 8, 1))],
  },
  {
    name: 'owner 4294967295 leaves root',
    bytes: () => rawArchive(dir('h5'), { name: 'h5/x', uid: 0xffff_ffff, gid: 0xffff_ffff }),
    expected: { 'h5/x': { uid: 0, gid: 0 } },
    refused: ['ROS_INITRD_FIELD', () => tree('x', file(fromText(''), { uid: 0xffff_ffff }))],
  },
  {
    name: '.. leads to where it says, and out of nothing',
    bytes: () =>
      rawArchive(
        dir('h6'),
        dir('h6/d'),
        { name: 'h6/d/../x', content: 'one' },
        { name: '../../h6/y', content: 'two' },
      ),
    expected: { 'h6/x': 'one', 'h6/y': 'two', 'h6/d': { type: 'directory' } },
    refused: ['ROS_TREE_PATH', () => tree('d/../x', text('x'))],
  },
  {
    name: 'a file called TRAILER!!! ends the archive',
    bytes: () =>
      join(
        rawArchive(dir('h7'), { ...entry('h7/a'), ino: 7, nlink: 2 }, { name: 'TRAILER!!!', mode: 0o100644 }),
        rawArchive({ name: 'h7/b', ino: 7, nlink: 2 }),
      ),
    expected: { 'TRAILER!!!': null, 'h7/a': 'h7/a', 'h7/b': { size: 0 } },
    refused: ['ROS_INITRD_NAME', () => tree('TRAILER!!!', text('x'))],
  },
  {
    name: 'a file of 4 GiB: its size does not fit the header',
    bytes: () => rawArchive(dir('h8')),
    expected: { h8: { type: 'directory' } },
    refused: ['ROS_INITRD_SIZE', () => tree('x', file(zeros(2 ** 32)))],
  },
  ...(
    [
      ['mtime', -1],
      ['mtime', 2 ** 32],
    ] as const
  ).map(([field, value], i): KernelCase => {
    return {
      name: `${field} ${value} does not fit the header`,
      bytes: () => rawArchive(dir(`h9${i}`)),
      expected: { [`h9${i}`]: { type: 'directory' } },
      refused: ['ROS_INITRD_FIELD', () => tree('x', file(fromText(''), { [field]: value }))],
    }
  }),
]

/** Alone at the end of a boot each. */
export const failing: readonly KernelCase[] = [
  {
    name: 'an uncompressed archive without an end, the last',
    bytes: () => join(rawEntry(dir('k1')), rawEntry(entry('k1/x'))),
    expected: { 'k1/x': 'k1/x' },
  },
  {
    name: 'an uncompressed archive off a multiple of 4, behind a compressed one',
    bytes: () => {
      const before = packed('gzip -c -n', 'k2')
      return join(before, nul(5 - (before.length % 4)), rawArchive(dir('k2b')))
    },
    expected: { 'k2/x': 'k2/x', k2b: null },
    message: /invalid magic at start of compressed archive/,
  },
  {
    name: 'zeros behind an uncompressed archive that do not end at a multiple of 4',
    bytes: () => join(rawArchive(dir('k3')), nul(5), packed('gzip -c -n', 'k3b')),
    expected: { k3: { type: 'directory' }, k3b: null },
    message: /broken padding/,
  },
  {
    name: 'junk at the end',
    bytes: () => join(rawArchive(dir('k4')), Buffer.from('junk')),
    expected: { k4: { type: 'directory' } },
    message: /invalid magic at start of compressed archive/,
  },
  {
    name: 'a compression that nobody knows',
    bytes: () => join(Buffer.from('\x7fELF, surely'), nul(100)),
    expected: {},
    message: /invalid magic at start of compressed archive/,
  },
  {
    name: "lz4's frame format",
    bytes: () => packed('lz4 -c', 'k6'),
    expected: { k6: null },
    message: /invalid magic at start of compressed archive/,
  },
  {
    name: 'lz4, and another segment without four zeros before it',
    bytes: () => join(packed('lz4 -l -c', 'k7'), packed('gzip -c', 'k7b')),
    expected: { k7b: null },
    message: /Initramfs unpacking failed/,
  },
  {
    name: 'xz with CRC64, its default',
    bytes: () => packed('xz -c --check=crc64', 'k8'),
    expected: { k8: null },
    message: /not supported by this XZ decoder/,
    lint: 'initrd/xz-check',
  },
  {
    name: 'magic 070702 with a wrong sum',
    bytes: () =>
      rawArchive(dir('k9'), { name: 'k9/x', content: 'ab', magic: '070702', check: 1 }, entry('k9/after')),
    expected: { 'k9/x': 'ab', 'k9/after': null },
    message: /bad data checksum/,
  },
]

/** A segment of early microcode and what stands between it and the main archive, in zeros. */
export const early: readonly (readonly [zerosBetween: number, panics: boolean])[] = [
  [0, false],
  [4, false],
  [5, true],
]

export const earlyArchive = (): Uint8Array =>
  rawArchive(dir('kernel'), dir('kernel/x86'), dir('kernel/x86/microcode'), {
    name: 'kernel/x86/microcode/GenuineIntel.bin',
    content: 'no microcode',
  })
