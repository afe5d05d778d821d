import { type ByteSource, collect, fromBytes, fromText } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { LIMIT } from '../test/trees.ts'
import { lintInitrd, type Microcode, microcodeSegment, readInitrd, writeSegments } from './index.ts'

/** An update of this size for a processor that does not exist. */
function intelUpdate(size = 2048, change: (view: DataView) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(size).fill(0xa5, 48)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of [1, 7, 0x11232026, 0xabcde, 0, 1, 2, size - 48, size].entries())
    view.setUint32(4 * index, value, true)
  change(view)
  let sum = 0
  for (let at = 0; at < size; at += 4) sum = (sum + view.getUint32(at, true)) % 2 ** 32
  view.setUint32(16, (2 ** 32 - sum) % 2 ** 32, true)
  return bytes
}

function amdContainer(...patches: readonly number[]): Uint8Array {
  const words = [0x00414d44, 0, 16, 1, 2, 3, 4]
  for (const size of patches) words.push(1, size, ...Array<number>(size / 4).fill(9))
  return new Uint8Array(Uint32Array.from(words).buffer)
}

const bytesOf = async (microcode: Microcode) =>
  collect(writeSegments([await microcodeSegment(microcode)]), LIMIT)
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'ROS_INITRD_MICROCODE', message: expect.stringMatching(message) })
const intel = fromBytes(Buffer.concat([intelUpdate(), intelUpdate(4096)]))
const amd = fromBytes(amdContainer(32, 64))

describe('microcodeSegment', () => {
  test.each<[string, Microcode]>([
    ['Intel', { intel }],
    ['AMD', { amd }],
    ['both', { intel, amd }],
    [
      'both, containers side by side',
      { intel, amd: fromBytes(Buffer.concat([amdContainer(4), amdContainer(8)])) },
    ],
  ])('%s: at its path, Intel at a multiple of 16, nothing for lint to find', async (_, microcode) => {
    const bytes = await bytesOf(microcode)
    const { tree } = await readInitrd(fromBytes(bytes))
    const content = async (path: string) => {
      const node = tree.get(path)
      return node?.type === 'file' ? collect(node.content.open(), LIMIT) : undefined
    }
    const whole = (source?: ByteSource) => source && collect(source.open(), LIMIT)
    expect(await content('kernel/x86/microcode/GenuineIntel.bin')).toEqual(await whole(microcode.intel))
    expect(await content('kernel/x86/microcode/AuthenticAMD.bin')).toEqual(await whole(microcode.amd))
    if (microcode.intel) expect(Buffer.from(bytes).indexOf(intelUpdate()) % 16).toBe(0)
    for await (const finding of lintInitrd(fromBytes(bytes))) expect(finding).toBeUndefined()
  })

  test('the oldest updates, without sizes', async () => {
    const old = intelUpdate(2048, (view) => {
      view.setUint32(28, 0, true)
      view.setUint32(32, 0, true)
    })
    await expect(microcodeSegment({ intel: fromBytes(old) })).resolves.toMatchObject({ compression: 'none' })
  })

  const broken = (bytes: Uint8Array, at: number) => {
    const copy = bytes.slice()
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy
  }
  test.each<[string, Microcode, RegExp]>([
    ['nothing', {}, /no microcode given/],
    ['empty', { intel: fromText('') }, /0 bytes that are no update/],
    ['another version', { intel: fromBytes(broken(intelUpdate(), 0)) }, /no update header at byte 0/],
    ['a changed byte', { intel: fromBytes(broken(intelUpdate(), 1000)) }, /another sum/],
    ['cut', { intel: fromBytes(intelUpdate(4096).slice(0, 3000)) }, /has 4096 bytes, 3000 are there/],
    ['bytes behind it', { intel: fromBytes(Buffer.concat([intelUpdate(), Buffer.alloc(9)])) }, /9 bytes/],
    ['no container', { amd: fromText('hello') }, /no container magic/],
    ['no patch', { amd: fromBytes(amdContainer()) }, /no patch/],
    ['a cut patch', { amd: fromBytes(amdContainer(32).slice(0, -4)) }, /is cut/],
    ['Intel given as AMD', { amd: intel }, /no container magic/],
  ])('%s is refused', async (_, microcode, message) => {
    await expect(microcodeSegment(microcode)).rejects.toThrow(refused(message))
  })
})

describe('where the early loader does not look', () => {
  const other = (compression: 'none' | 'zstd') => ({
    name: 'other',
    tree: new Tree().add('init', file(fromText('x'))),
    compression,
  })

  test('behind a compressed segment, or in one', async () => {
    const early = await microcodeSegment({ intel })
    const refusal = expect.objectContaining({
      code: 'ROS_INITRD_EARLY',
      subject: expect.stringMatching('GenuineIntel'),
    })
    await expect(writeSegments([other('zstd'), early]).next()).rejects.toThrow(refusal)
    await expect(writeSegments([{ ...early, compression: 'gzip' }]).next()).rejects.toThrow(refusal)
    await expect(writeSegments([early, other('zstd')]).next()).resolves.toMatchObject({ done: false })
    await expect(writeSegments([other('none'), early]).next()).resolves.toMatchObject({ done: false })
  })

  test('ACPI tables as well; the folders alone are no matter', async () => {
    const folder = new Tree().addDirectories('kernel/firmware/acpi')
    const packed = (tree: Tree) => writeSegments([{ name: 'all', tree, compression: 'zstd' }]).next()
    await expect(packed(folder)).resolves.toMatchObject({ done: false })
    await expect(packed(folder.add('kernel/firmware/acpi/dsdt.aml', file(fromText('x'))))).rejects.toThrow(
      expect.objectContaining({ code: 'ROS_INITRD_EARLY' }),
    )
  })
})
