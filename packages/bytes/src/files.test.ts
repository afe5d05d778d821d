import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { collect, fromText, readAll } from './index.ts'
import { fileSource, replaceFile, writeChunks } from './node.ts'

const LIMIT = 10_000_000
const code = (name: string) => expect.objectContaining({ name: 'BytesError', code: name })
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bytes-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)

describe('fileSource', () => {
  test.each([0, 1, 1_048_575, 1_048_576, 1_048_577])('%i bytes, streamed and read directly', async (size) => {
    const content = Uint8Array.from({ length: size }, (_, i) => i % 253)
    writeFileSync(at('f'), content)
    const source = fileSource(at('f'))
    expect(source.size).toBe(size)
    expect(Buffer.from(content).equals(await readAll(source, LIMIT))).toBe(true)
    const target = new Uint8Array(size)
    source.readInto?.(target, 0)
    expect(Buffer.from(content).equals(target)).toBe(true)
    if (size > 10) {
      expect(await collect(source.open(size - 5, 3), 3)).toEqual(content.subarray(size - 5, size - 2))
      source.readInto?.(target.subarray(0, 4), 7)
      expect(target.subarray(0, 4)).toEqual(content.subarray(7, 11))
    }
  })

  test('a range of a file', async () => {
    writeFileSync(at('f'), '0123456789')
    const source = fileSource(at('f'), { offset: 3, length: 4 })
    expect(Buffer.from(await readAll(source, 4)).toString()).toBe('3456')
    expect(Buffer.from(await collect(source.open(1, 2), 2)).toString()).toBe('45')
    const target = new Uint8Array(2)
    source.readInto?.(target, 2)
    expect(Buffer.from(target).toString()).toBe('56')
    await expect(collect(source.open(0, 5), 5)).rejects.toThrow(code('ROS_BYTES_RANGE'))
    expect(() => source.readInto?.(target, 3)).toThrow(code('ROS_BYTES_RANGE'))
  })

  test('beyond 4 GiB, in a file with a hole', async () => {
    writeFileSync(at('f'), '')
    truncateSync(at('f'), 2 ** 32 + 10)
    const handle = await open(at('f'), 'r+')
    await handle.write(Buffer.from('end'), 0, 3, 2 ** 32 + 7)
    await handle.close()
    const source = fileSource(at('f'))
    expect(source.size).toBe(2 ** 32 + 10)
    expect(Buffer.from(await collect(source.open(2 ** 32 + 7), 3)).toString()).toBe('end')
    const target = new Uint8Array(3)
    source.readInto?.(target, 2 ** 32 + 7)
    expect(Buffer.from(target).toString()).toBe('end')
  })

  test('a file that has become shorter', async () => {
    writeFileSync(at('f'), '0123456789')
    const source = fileSource(at('f'))
    truncateSync(at('f'), 4)
    await expect(readAll(source, 10)).rejects.toThrow(code('ROS_BYTES_SHORT'))
    expect(() => source.readInto?.(new Uint8Array(10), 0)).toThrow(code('ROS_BYTES_SHORT'))
  })

  test('leaves no descriptor open, also when left early', async () => {
    writeFileSync(at('f'), new Uint8Array(3_000_000))
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    for (let i = 0; i < 20; i++) {
      for await (const chunk of fileSource(at('f')).open()) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
    }
    expect(open()).toBe(before)
  })
})

describe('replaceFile', () => {
  test('sparse: the same bytes, in less room', async () => {
    const chunks = [
      new Uint8Array(65_536),
      new Uint8Array(300_000),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(70_000),
    ]
    chunks[1]?.fill(7, 100_000, 100_010)
    const size = await replaceFile(at('sparse'), chunks, { sparse: true })
    expect(size).toBe(65_536 + 300_000 + 3 + 70_000)
    expect(readFileSync(at('sparse')).equals(Buffer.concat(chunks))).toBe(true)
    await replaceFile(at('plain'), chunks)
    expect(statSync(at('sparse')).blocks).toBeLessThan(statSync(at('plain')).blocks)
  })

  test('writes a new file in new folders, with its mode, and says how far it is', async () => {
    const progress: number[] = []
    const chunks = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]
    const size = await replaceFile(at('a/b/f'), chunks, { mode: 0o600, onProgress: (n) => progress.push(n) })
    expect(size).toBe(3)
    expect([...readFileSync(at('a/b/f'))]).toEqual([1, 2, 3])
    expect(statSync(at('a/b/f')).mode % 0o1000).toBe(0o600)
    expect(progress).toEqual([2, 2, 3])
  })

  test('when the chunks fail, what was there stays and nothing else is left', async () => {
    writeFileSync(at('f'), 'before')
    async function* failing() {
      yield Buffer.from('half')
      expect(readFileSync(at('f'), 'utf8')).toBe('before')
      throw new Error('the network went away')
    }
    await expect(replaceFile(at('f'), failing())).rejects.toThrow('the network went away')
    expect(readFileSync(at('f'), 'utf8')).toBe('before')
    expect(readdirSync(folder)).toEqual(['f'])
    await replaceFile(at('f'), fromText('after').open())
    expect(readFileSync(at('f'), 'utf8')).toBe('after')
  })

  test('what the system refuses has a code, a subject and a cause', async () => {
    writeFileSync(at('f'), '')
    mkdirSync(at('d'))
    writeFileSync(at('d/x'), '')
    for (const path of [at('f/below'), at('d')]) {
      await expect(replaceFile(path, [Uint8Array.of(1)])).rejects.toThrow(
        expect.objectContaining({ code: 'ROS_BYTES_WRITE', subject: path, cause: expect.any(Error) }),
      )
    }
    expect(readdirSync(folder)).toEqual(['d', 'f'])
    expect(existsSync(at('d/x'))).toBe(true)
  })

  test('two at once do not meet', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(50_000))
    await Promise.all(texts.map((text) => replaceFile(at('f'), fromText(text).open())))
    expect(texts).toContain(readFileSync(at('f'), 'utf8'))
    expect(readdirSync(folder)).toEqual(['f'])
  })
})

describe('writeChunks', () => {
  test('no space left: a code and a hint', async () => {
    const handle = await open('/dev/full', 'w')
    try {
      await expect(writeChunks(handle, [new Uint8Array(10)], 'out.iso')).rejects.toThrow(
        expect.objectContaining({
          code: 'ROS_BYTES_WRITE',
          message: 'out.iso: no space left on the device, got 0 bytes written',
          hint: expect.stringContaining('--out'),
        }),
      )
    } finally {
      await handle.close()
    }
  })

  test('any other refusal', async () => {
    writeFileSync(at('f'), '')
    chmodSync(at('f'), 0o600)
    const handle = await open(at('f'), 'r')
    try {
      await expect(writeChunks(handle, [new Uint8Array(1)], 'f')).rejects.toThrow(/write refused/)
      expect(await writeChunks(handle, [], 'f')).toBe(0)
    } finally {
      await handle.close()
    }
  })
})
