import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { collect, fromBytes, zeros } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { file, Tree } from '@ros/tree'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../test/run-tool.ts'
import { addIsolinux, bootOptions, edgeTree, isoBytes, pattern } from '../test/sample-tree.ts'
import { describeAreas, isoSource, layoutIso, readSectors } from './index.ts'

const LIMIT = 1 << 26
const base = bootOptions()
if (!base.boot) throw new Error('the sample does not boot')
const options = { ...base, boot: { ...base.boot, uefi: { esp: zeros(1_474_560) } } }
const tree = addIsolinux(edgeTree())
const layout = layoutIso(tree, options)
let whole: Uint8Array
beforeAll(async () => {
  whole = await isoBytes(tree, options)
})

describe('isoSource', () => {
  test('gives the bytes that are written, in any range', async () => {
    const source = isoSource(layout)
    expect(Buffer.compare(await collect(source.open(), LIMIT), whole)).toBe(0)
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.nat(70_000), async (offset, more) => {
        const length = Math.min(more, whole.length - offset)
        const bytes = await collect(source.open(offset, length), LIMIT)
        expect(Buffer.compare(bytes, whole.subarray(offset, offset + length))).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  test('refuses a range outside, and a content that is shorter than it was', async () => {
    const source = isoSource(layout)
    await expect(collect(source.open(whole.length, 1), LIMIT)).rejects.toMatchObject({
      code: 'ROS_BYTES_RANGE',
    })
    const short = { size: 10, open: () => fromBytes(new Uint8Array(5)).open() }
    const cut = isoSource(layoutIso(new Tree().add('a', file(short)), { volumeId: 'CUT', created: 0 }))
    await expect(collect(cut.open(), LIMIT)).rejects.toMatchObject({ code: 'ROS_ISO_CONTENT' })
  })

  test('is served over HTTP, whole and in ranges', async () => {
    const source = isoSource(layout)
    const server = createServer((request, response) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
      const [start, end] = range ? [Number(range[1]), Number(range[2])] : [0, source.size - 1]
      const headers = { 'content-length': end - start + 1, 'accept-ranges': 'bytes' }
      const place = range && { 'content-range': `bytes ${start}-${end}/${source.size}` }
      response.writeHead(range ? 206 : 200, { ...headers, ...place })
      void pipeline(Readable.from(source.open(start, end - start + 1)), response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/image.iso`
    try {
      const response = await fetch(address)
      expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), whole)).toBe(0)
      for (const [start, end] of [
        [0, 0],
        [32_768, 34_815],
        [100_001, 300_000],
        [whole.length - 1, whole.length - 1],
      ] as const) {
        const part = await fetch(address, { headers: { range: `bytes=${start}-${end}` } })
        expect([part.status, part.headers.get('content-range')]).toEqual([
          206,
          `bytes ${start}-${end}/${whole.length}`,
        ])
        expect(Buffer.compare(new Uint8Array(await part.arrayBuffer()), whole.subarray(start, end + 1))).toBe(
          0,
        )
      }
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe('readSectors', () => {
  const folder = mkdtemp(join(tmpdir(), 'iso-sectors-'))
  afterAll(async () => rm(await folder, { recursive: true, force: true }))

  test('finds the owners that the layout gave sectors to', async () => {
    const runs = await readSectors(fromBytes(whole))
    // What an image does not tell: why bytes are zero, and which name of a file was its first.
    const owners = new Map(runs.map(({ owner, lba, sectorCount }) => [owner, [lba, sectorCount]]))
    for (const { owner, lba, sectorCount } of layout.areas) {
      if (/padding|backup|system area|hard-/.test(owner)) continue
      const name = owner === 'EFI system partition' ? 'boot image for efi' : owner
      expect(owners.get(name), owner).toEqual([lba, sectorCount])
    }
    let next = 0
    for (const { lba, sectorCount } of runs) {
      expect(lba).toBe(next)
      next += sectorCount
    }
    expect(next).toBe(layout.sectorCount)
    expect(describeAreas(runs)).toMatch(/^ *16 … +16 +2048 bytes +primary volume descriptor$/m)
  })

  test('of an image by xorriso and by genisoimage leaves nothing but paddings without an owner', async () => {
    const at = await folder
    const { writeFile, mkdir } = await import('node:fs/promises')
    await mkdir(join(at, 't/d/e'), { recursive: true })
    await writeFile(join(at, 't/d/e/file'), pattern(10_000, 1))
    await writeFile(join(at, 't/boot.img'), pattern(5000, 1))
    const boot = ['-b', 'boot.img', '-c', 'boot.cat', '-no-emul-boot', '-boot-load-size', '4']
    for (const [program, ...args] of [
      ['xorriso', '-as', 'mkisofs', '-no-pad'],
      ['genisoimage', '-no-pad'],
    ] as const) {
      const image = join(at, `${program}.iso`)
      const { exitCode, text } = await runTool(
        program,
        ...args,
        '-quiet',
        '-J',
        '-R',
        ...boot,
        '-o',
        image,
        join(at, 't'),
      )
      expect(exitCode, text).toBe(0)
      const runs = await readSectors(fileSource(image))
      const owners = runs.map(({ owner }) => owner)
      expect(owners).toEqual(
        expect.arrayContaining([
          'directory /d/e',
          'Joliet directory /d/e',
          'file /d/e/file',
          'file /boot.img',
          'path table L',
        ]),
      )
      const free = runs
        .filter(({ owner }) => owner === 'nothing names it')
        .reduce((sum, { sectorCount }) => sum + sectorCount, 0)
      expect(free).toBeLessThan(160)
    }
  })
})
