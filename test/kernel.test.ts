// Linux as the judge of initramfs archives: every rule that the writer keeps, and the reader knows, has its evidence here.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromBytes, fromText } from '@ros/bytes'
import {
  lintInitrd,
  microcodeSegment,
  readInitrd,
  type Segment,
  type SegmentCompression,
  segmentPadding,
  writeInitrd,
  writeSegments,
} from '@ros/initrd'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { sampleTree } from '../packages/initrd/test/trees.ts'
import { accepted, early, earlyArchive, failing, type KernelCase, lost } from './kernel/cases.ts'
import {
  bytesOf,
  type Seen,
  seenInTree,
  sha256Of,
  type Unpacked,
  unpackInGuest,
  walkerTree,
} from './kernel/guest.ts'

/** Paths that the kernel has on its root before it unpacks anything (usr/default_cpio_list). */
const BUILT_IN = ['dev', 'dev/console', 'root']

let folder: string
let walker: Uint8Array
const kernel = () => join(inject('artifacts'), 'vmlinuz')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-kernel-'))
  walker = await bytesOf(writeInitrd(walkerTree(folder)))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const boot = (initrd: Uint8Array) => unpackInGuest(kernel(), folder, initrd)

/** Boots several, two at a time: a guest of these has one processor. */
async function bootAll(initrds: readonly Uint8Array[]): Promise<Unpacked[]> {
  const results: Unpacked[] = []
  const queue = [...initrds.entries()]
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await boot(next[1])
  }
  await Promise.all([work(), work()])
  return results
}

/** Bytes of several cases, each at a multiple of 4. */
function chain(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(segmentPadding(part.length, 'none'))]))
}

function expectCase({ expected }: KernelCase, { paths }: Unpacked): void {
  for (const [path, wanted] of Object.entries(expected)) {
    const seen = paths.get(path)
    if (wanted === null) expect(seen, path).toBeUndefined()
    else if (typeof wanted === 'string')
      expect(seen, path).toMatchObject({ type: 'file', size: wanted.length, sha256: sha256Of(wanted) })
    else expect(seen, path).toMatchObject(wanted)
  }
}

/** Everything that is there, against a tree: nothing more, nothing less, every field. */
async function expectTree({ paths }: Unpacked, tree: Tree): Promise<void> {
  const ours = await seenInTree(tree)
  const theirs = new Map([...paths].filter(([path]) => ours.has(path) || !BUILT_IN.includes(path)))
  expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort())
  const differing: Record<string, { guest: Seen | undefined; ours: Seen }> = {}
  for (const [path, seen] of ours) {
    if (JSON.stringify(sorted(seen)) !== JSON.stringify(sorted(theirs.get(path))))
      differing[path] = { guest: theirs.get(path), ours: seen }
  }
  expect(differing).toEqual({})
}

const sorted = (seen: Seen | undefined) => Object.entries(seen ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))

describe('archives written by hand', () => {
  const cases = [...accepted, ...lost]
  let unpacked: Unpacked
  let read: Tree

  beforeAll(async () => {
    const bytes = chain([walker, ...cases.map(({ bytes: make }) => make())])
    read = (await readInitrd(fromBytes(bytes))).tree
    unpacked = await boot(bytes)
  })

  test('are unpacked to the end, without a word', () => {
    expect(unpacked.messages).toEqual([])
  })
  test.each(accepted)('accepted: $name', (row) => expectCase(row, unpacked))
  test.each(lost)('lost or merged: $name', (row) => expectCase(row, unpacked))
  test('readInitrd sees all of it as Linux does', async () => {
    // A tree does not hold a link to nothing.
    const paths = new Map([...unpacked.paths].filter(([, { target }]) => target !== ''))
    expect(unpacked.paths.size - paths.size).toBe(1)
    await expectTree({ ...unpacked, paths }, read)
  })
})

test('the page of cases has every row', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/initramfs.md'), 'utf8')
  for (const { name } of accepted) expect(page).toContain(`| ${name} |\n`)
  for (const { name, refused } of lost)
    expect(page).toContain(`| ${name} | ${refused ? `\`${refused[0]}\`` : 'cannot be written'} |`)
  for (const { name, message } of failing)
    expect(page).toContain(`| ${name} | ${message ? message.source : 'nothing: unpacked'} |`)
  expect(page.match(/^\| (?!archive \||bytes \|)/gm)).toHaveLength(
    accepted.length + lost.length + failing.length,
  )
})

describe('what the writer refuses', () => {
  test.each(lost.filter(({ refused }) => refused))('$name', async ({ refused }) => {
    const [code, write] = refused ?? ['', () => writeInitrd(new Tree())]
    const writing = (async () => collect(write(), 2 ** 20))()
    await expect(writing).rejects.toThrow(expect.objectContaining({ code }))
  })
})

describe('what ends the unpacking', () => {
  let booted: Map<KernelCase, Unpacked>
  const bytesFor = (row: KernelCase) => Buffer.concat([walker, row.bytes()])
  beforeAll(async () => {
    const results = await bootAll(failing.map(bytesFor))
    booted = new Map(failing.map((row, i) => [row, results[i] as Unpacked]))
  })

  test.each(failing)('$name', async (row) => {
    const unpacked = booted.get(row) as Unpacked
    expectCase(row, unpacked)
    expect(unpacked.messages).toEqual(row.message ? [expect.stringMatching(row.message)] : [])
    const reading = readInitrd(fromBytes(bytesFor(row)))
    if (row.lint) expect(await lintRules(bytesFor(row))).toContain(row.lint)
    else if (row.message) await expect(reading).rejects.toThrow(refusal)
    else await expectTree(unpacked, (await reading).tree)
  })
})

const refusal = expect.objectContaining({ code: expect.stringMatching(/^ROS_(INITRD|COMPRESS)_/) })

async function lintRules(bytes: Uint8Array): Promise<string[]> {
  const rules: string[] = []
  for await (const { rule } of lintInitrd(fromBytes(bytes))) rules.push(rule)
  return rules
}

describe('an archive of early microcode before the main one', () => {
  let booted: Unpacked[]
  const bytesFor = (zeros: number) => Buffer.concat([earlyArchive(), Buffer.alloc(zeros), walker])
  beforeAll(async () => {
    booted = await bootAll(early.map(([zeros]) => bytesFor(zeros)))
  })

  test.each(early.map(([zeros, panics], i) => [zeros, panics, i] as const))(
    '%i zeros between them: panics %s',
    async (zeros, panics, i) => {
      const { messages, paths } = booted[i] as Unpacked
      const reading = readInitrd(fromBytes(bytesFor(zeros)))
      if (panics) {
        expect(messages).toContainEqual(expect.stringMatching(/Kernel panic/))
        await expect(reading).rejects.toThrow(/broken padding/)
      } else {
        expect(messages).toEqual([])
        expect(paths.get('kernel/x86/microcode/GenuineIntel.bin')).toMatchObject({ type: 'file' })
        expect((await reading).tree.has('init')).toBe(true)
      }
    },
  )
})

describe('what we write', () => {
  const KINDS: readonly SegmentCompression[] = ['none', 'gzip', 'zstd', 'xz', 'lzma', 'lz4']

  /** Every compression behind every other one, and behind itself. */
  function everyPair(): SegmentCompression[] {
    const row = KINDS.flatMap((a, i) => [a, ...KINDS.slice(i + 1).flatMap((b) => [a, b])])
    return [...row, ...KINDS.slice(0, 1)]
  }

  test('every node, every pair of compressions, microcode: as the tree says', async () => {
    const update = new Uint8Array(2048)
    const words = new Uint32Array(update.buffer)
    words.set([1, 7, 0x11232026, 0xabcde, 0, 1, 2, 2000, 2048])
    words[4] = 2 ** 32 - words.reduce((sum, word) => (sum + word) % 2 ** 32, 0)
    const sample = new Tree().merge(sampleTree(), 'sample')
    const segments: Segment[] = [
      await microcodeSegment({ intel: fromBytes(update) }),
      { name: 'walker', tree: walkerTree(folder), compression: 'gzip', level: 1 },
      { name: 'sample', tree: sample, compression: 'zstd' },
      ...everyPair().map((compression, i): Segment => {
        const name = `${String(i).padStart(2, '0')}-${compression}`
        const content = new Tree()
          .addDirectories('pairs')
          .add(`pairs/${name}`, file(fromText(name.repeat(i))))
        content.root = sample.root
        return { name, tree: content, compression, ...(compression !== 'lz4' && { level: 1 }) }
      }),
    ]
    const expected = new Tree()
    for (const { tree } of segments) {
      expected.merge(tree)
      expected.root = tree.root
    }
    const unpacked = await boot(await bytesOf(writeSegments(segments)))
    expect(unpacked.messages).toEqual([])
    await expectTree(unpacked, expected)
  })

  test('with checksums, which the kernel proves', async () => {
    const tree = walkerTree(folder).merge(sampleTree(), 'sample')
    const bytes = await bytesOf(writeInitrd(tree, { checksum: true }))
    const unpacked = await boot(bytes)
    expect(unpacked.messages).toEqual([])
    await expectTree(unpacked, tree)
    expect(Buffer.from(bytes).subarray(0, 6).toString()).toBe('070702')
  })
})
