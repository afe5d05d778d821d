import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromBytes } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { pattern } from '../test/sample-tree.ts'
import { type IsoImage, lintIso, readIso } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'iso-modes-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const tool = async (program: string, ...args: string[]) => {
  const { exitCode, text } = await runTool(program, args)
  expect(exitCode, text).toBe(0)
}
const contentOf = async ({ tree }: IsoImage, path: string) => {
  const node = tree.get(path)
  if (node?.type !== 'file') throw new Error(`${path} is not there`)
  return Buffer.from(await collect(node.content.open(), 1 << 26))
}

const text = Buffer.from('a text that compresses well, line after line\n'.repeat(8000))
beforeAll(async () => {
  mkdirSync(at('t/dir'), { recursive: true })
  writeFileSync(at('t/text'), text)
  writeFileSync(at('t/noise'), pattern(70_000, 3))
  writeFileSync(at('t/dir/zeros'), Buffer.alloc(500_000))
  writeFileSync(at('t/empty'), '')
  writeFileSync(at('t/z-last'), pattern(5000, 9))
  await tool('xorriso', '-as', 'mkisofs', '-quiet', '-no-pad', '-J', '-R', '-o', at('plain.iso'), at('t'))
})

describe('zisofs', () => {
  test.each(['32k', '64k', '128k'])(
    'files that xorriso compressed in blocks of %s read as they were',
    async (block) => {
      const image = at(`z${block}.iso`)
      const filter = ['-zisofs', `level=9:block_size=${block}`, '-set_filter_r', '--zisofs', '/', '--']
      await tool('xorriso', '-outdev', image, '-map', at('t'), '/', ...filter, '-commit')
      const read = await readIso(fileSource(image))
      for (const path of ['text', 'noise', 'dir/zeros', 'empty', 'z-last'])
        expect((await contentOf(read, path)).equals(readFileSync(at(`t/${path}`))), path).toBe(true)
      const node = read.tree.get('text')
      if (node?.type !== 'file') throw new Error('text is not there')
      const part = await collect(node.content.open(100_000, 70_001), 1 << 20)
      expect(Buffer.compare(part, text.subarray(100_000, 170_001))).toBe(0)
      // Without Rock Ridge it is what is stored.
      const joliet = await readIso(fileSource(image), { hierarchy: 'plain' })
      expect((await contentOf(joliet, 'TEXT')).length).toBeLessThan(10_000)
    },
  )

  test('that is damaged throws when it is read', async () => {
    const bytes = readFileSync(at('z64k.iso'))
    const start = bytes.indexOf(Buffer.from([0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07]))
    for (const offset of [0, 9, 20]) {
      const copy = Buffer.from(bytes)
      copy.fill(0x5a, start + offset, start + offset + 4)
      const read = await readIso(fromBytes(copy))
      const all = async () => {
        for (const path of ['text', 'noise', 'dir/zeros', 'z-last']) await contentOf(read, path)
      }
      await expect(all()).rejects.toMatchObject({ code: 'ROS_ISO_FORMAT' })
    }
  })
})

describe('images of other kinds', () => {
  test('a UDF bridge by genisoimage: its ISO side, and that it is one', async () => {
    await tool('genisoimage', '-quiet', '-udf', '-J', '-R', '-o', at('udf.iso'), at('t'))
    const read = await readIso(fileSource(at('udf.iso')))
    expect(read.udf).toBe(true)
    expect((await contentOf(read, 'text')).equals(text)).toBe(true)
    expect((await readIso(fileSource(at('plain.iso')))).udf).toBe(false)
    for await (const finding of lintIso(fileSource(at('udf.iso')))) expect(finding).toBeUndefined()
  })

  test('several sessions: the one that the start of the image names', async () => {
    const image = at('sessions.iso')
    await tool('xorriso', '-outdev', image, '-map', at('t'), '/', '-commit')
    writeFileSync(at('second'), 'second')
    await tool('xorriso', '-dev', image, '-map', at('second'), '/second', '-rm', '/noise', '--', '-commit')
    const read = await readIso(fileSource(image))
    expect((await contentOf(read, 'second')).toString()).toBe('second')
    expect(read.tree.has('noise')).toBe(false)
    expect((await contentOf(read, 'text')).equals(text)).toBe(true)
  })

  test('a second session by genisoimage does not hide the first', async () => {
    const first = readFileSync(at('plain.iso'))
    const start = Math.ceil(first.length / 2048 / 16) * 16
    await tool(
      'genisoimage',
      '-quiet',
      '-R',
      '-C',
      `0,${start}`,
      '-M',
      at('plain.iso'),
      '-o',
      at('part.iso'),
      at('t/dir'),
    )
    const whole = Buffer.concat([
      first,
      Buffer.alloc(start * 2048 - first.length),
      readFileSync(at('part.iso')),
    ])
    const read = await readIso(fromBytes(whole))
    expect((await contentOf(read, 'text')).equals(text)).toBe(true)
  })
})

describe('a damaged image', () => {
  /** Offset of the record of an identifier, in the primary tree. */
  const recordOf = (bytes: Buffer, identifier: string) => bytes.indexOf(identifier, 18 * 2048, 'latin1') - 33
  const damaged = (change: (bytes: Buffer) => void) => {
    const bytes = readFileSync(at('plain.iso'))
    change(bytes)
    return fromBytes(bytes)
  }

  test('lenient reads what is left and tells what is not', async () => {
    const source = damaged((bytes) => {
      const record = recordOf(bytes, 'NOISE.;1')
      bytes.writeUInt32LE(99_999, record + 2)
      bytes[bytes.indexOf('PX', recordOf(bytes, 'EMPTY.;1')) + 2] = 0
    })
    await expect(readIso(source)).rejects.toMatchObject({ name: 'IsoError' })
    const read = await readIso(source, { mode: 'lenient' })
    expect(read.problems.map(({ code }) => code).sort()).toEqual(['ROS_ISO_EXTENT', 'ROS_ISO_FORMAT'])
    expect((await contentOf(read, 'text')).equals(text)).toBe(true)
    expect((await contentOf(read, 'z-last')).length).toBe(5000)
    expect(read.tree.has('empty')).toBe(false)
    expect((await contentOf(read, 'noise')).length).toBe(0)
  })

  test('lenient gives the part of a file that a cut image has', async () => {
    const whole = readFileSync(at('plain.iso'))
    const cut = fromBytes(whole.subarray(0, whole.length - 3 * 2048 + 1000))
    await expect(readIso(cut)).rejects.toMatchObject({ code: 'ROS_ISO_EXTENT' })
    const read = await readIso(cut, { mode: 'lenient' })
    expect(read.problems).toMatchObject([{ code: 'ROS_ISO_EXTENT', subject: 'z-last' }])
    expect((await contentOf(read, 'z-last')).equals(Buffer.from(pattern(5000, 9)).subarray(0, 1000))).toBe(
      true,
    )
    expect((await contentOf(read, 'text')).equals(text)).toBe(true)
  })

  test('lenient does without the end of the descriptor set and a catalogue that does not validate', async () => {
    const source = damaged((bytes) => bytes.fill(0, 18 * 2048, 18 * 2048 + 7))
    await expect(readIso(source)).rejects.toMatchObject({ code: 'ROS_ISO_FORMAT' })
    const read = await readIso(source, { mode: 'lenient' })
    expect(read.problems).toHaveLength(1)
    expect(read.tree.size).toBe(6)
  })

  test('strict throws for what is not needed to read it', async () => {
    const source = damaged((bytes) => {
      const record = recordOf(bytes, 'NOISE.;1')
      bytes.writeUInt32BE(7, record + 6)
    })
    expect((await readIso(source)).tree.has('noise')).toBe(true)
    await expect(readIso(source, { mode: 'strict' })).rejects.toMatchObject({
      code: 'ROS_ISO_FORMAT',
      message: expect.stringContaining('iso/both-endian') as string,
    })
    expect((await readIso(fileSource(at('plain.iso')), { mode: 'strict' })).problems).toEqual([])
  })

  test('what is no image is none in every mode', async () => {
    for (const mode of ['strict', 'lenient'] as const)
      await expect(readIso(fromBytes(new Uint8Array(100_000)), { mode })).rejects.toMatchObject({
        code: 'ROS_ISO_FORMAT',
      })
  })
})
