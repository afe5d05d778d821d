import { type ByteSource, fromBytes, zeros } from '@ros/bytes'
import { file } from '@ros/tree'
import { describe, expect, test } from 'vitest'
import { elfModule } from '../test/elf-module.ts'
import { release, sampleTree } from '../test/sample-kernel.ts'
import { readElf } from './elf.ts'
import { moduleIndex, readKernel } from './index.ts'
import { modinfoEntries, parseModinfo } from './modinfo.ts'
import { readSymbols } from './symbols.ts'

const options = { modinfo: ['name=m', 'alias=a'], imports: ['one', 'two'], exports: ['three'] }

/** What the index makes of a file: reads everything it would read. */
async function scan(source: ByteSource): Promise<void> {
  const elf = await readElf(source, 'm.ko')
  parseModinfo((await elf.section('.modinfo')) ?? new Uint8Array())
  await readSymbols(elf, 'm.ko')
}

const outcome = (source: ByteSource): Promise<string> =>
  scan(source).then(
    () => 'read',
    (error: { code?: string; message: string }) => error.code ?? `bug: ${error.message}`,
  )

describe.each([
  [4, true],
  [4, false],
  [8, true],
  [8, false],
] as const)('ELF with words of %i bytes, little-endian %s', (wordSize, littleEndian) => {
  // One that is read at once and one that is read in parts.
  const files = [16, 140_000].map((text) => elfModule({ ...options, wordSize, littleEndian, text }))

  test('cut anywhere is an error', async () => {
    for (const bytes of files) {
      const step = bytes.length > 10_000 ? 997 : 1
      for (let length = 0; length < bytes.length; length += step) {
        expect(await outcome(fromBytes(bytes.subarray(0, length))), `${length} bytes`).toBe(
          'ROS_KERNEL_FETCH_ELF',
        )
      }
    }
  })

  test('any byte changed to any of five values is read or is an error, never a bug or a large allocation', async () => {
    const [bytes = new Uint8Array()] = files
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const bad = bytes.slice()
        bad[at] = value
        expect(['read', 'ROS_KERNEL_FETCH_ELF'], `byte ${at} = ${value}`).toContain(
          await outcome(fromBytes(bad)),
        )
      }
    }
  })

  test.each(['.modinfo', '.symtab', '.strtab'])('a section %s of a huge size, or far away', async (name) => {
    for (const bytes of files) {
      const at = sectionHeader(bytes, name, wordSize, littleEndian)
      for (const field of [8 + 2 * wordSize, 8 + 3 * wordSize]) {
        const bad = bytes.slice()
        bad.fill(0xff, at + field, at + field + wordSize)
        expect(await outcome(fromBytes(bad))).toBe('ROS_KERNEL_FETCH_ELF')
      }
    }
  })
})

function sectionHeader(bytes: Uint8Array, name: string, wordSize: 4 | 8, littleEndian: boolean): number {
  const view = new DataView(bytes.buffer)
  const table =
    wordSize === 8 ? Number(view.getBigUint64(40, littleEndian)) : view.getUint32(32, littleEndian)
  const order = ['', '.text', '.modinfo', '.symtab', '.strtab', '.shstrtab']
  return table + order.indexOf(name) * (wordSize === 8 ? 64 : 40)
}

test.each([
  ['an empty file', new Uint8Array()],
  ['a text', new TextEncoder().encode('#!/bin/sh\n'.repeat(20))],
  ['an unknown class', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 3, 1, 1, ...new Uint8Array(100)])],
  ['an unknown byte order', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 3, 1, ...new Uint8Array(100)])],
])('%s is no module', async (_name, bytes) => {
  expect(await outcome(fromBytes(bytes))).toBe('ROS_KERNEL_FETCH_ELF')
})

test('a file of 2⁴⁰ zeros is refused by its first bytes', async () => {
  expect(await outcome(zeros(2 ** 40))).toBe('ROS_KERNEL_FETCH_ELF')
})

test('an ELF file without the sections of a module says nothing', async () => {
  const elf = await readElf(fromBytes(elfModule()), 'm.ko')
  expect(await elf.section('.nothing')).toBeUndefined()
  expect(parseModinfo(new Uint8Array())).toMatchObject({ name: undefined, alias: [], depends: [] })
})

test.each([
  ['a', []],
  ['a=', [['a', '']]],
  ['=a\0', []],
  ['\0\0a=b=c\0\0', [['a', 'b=c']]],
  [
    'a=1\0cut=2',
    [
      ['a', '1'],
      ['cut', '2'],
    ],
  ],
])('.modinfo %j', (text, entries) => {
  expect([...modinfoEntries(new TextEncoder().encode(text))]).toEqual(entries)
})

test('the error of a bad module names it', async () => {
  const tree = sampleTree()
  tree.replace(`lib/modules/${release}/kernel/fs/fs.ko`, file(fromBytes(new Uint8Array(10))))
  await expect(moduleIndex(readKernel(tree))).rejects.toThrow('kernel/fs/fs.ko: not an ELF file')
})

test('a compressed module that is damaged is an error of its decompression', async () => {
  const tree = sampleTree().add(`lib/modules/${release}/kernel/x.ko.xz`, file(fromBytes(new Uint8Array(100))))
  await expect(moduleIndex(readKernel(tree))).rejects.toMatchObject({ code: 'ROS_COMPRESS_CORRUPT' })
})
