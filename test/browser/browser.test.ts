// What the packages promise to browsers: nothing of Node's, in code or in types, and the same bytes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as bytes from '@ros/bytes'
import { collect } from '@ros/bytes'
import * as initrd from '@ros/initrd'
import * as iso from '@ros/iso'
import * as tree from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bundle, bundle } from './bundle.ts'

const root = join(import.meta.dirname, '../..')
const PACKAGES = ['bytes', 'tree', 'compress', 'partitions', 'initrd', 'iso']
const LIMIT = 2 ** 26
const folder = mkdtempSync(join(tmpdir(), 'ros-browser-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(PACKAGES)('@ros/%s, bundled for browsers from what is built', (name) => {
  let bundled: Bundle
  beforeAll(async () => {
    bundled = await bundle(`export * from '@ros/${name}'`)
  })

  test('imports nothing', () => {
    expect(bundled.imports).toEqual([])
    expect(bundled.modules).toContainEqual(expect.stringMatching(`^packages/${name}/dist/`))
    for (const module of bundled.modules) expect(module).toMatch(/^(packages\/[^/]+\/dist\/|<stdin>)/)
  })

  test('uses no global of Node’s', () => {
    expect(bundled.text.length).toBeGreaterThan(100)
    // Comments and error messages have these words too; code has them before a dot, a bracket or a call.
    expect(bundled.text.match(/.*\b(Buffer|process|require|setImmediate|__dirname)\b\s*[.([].*/g)).toBeNull()
  })
})

test('types stand without those of Node', () => {
  const imports = PACKAGES.map((name) => `export * as ${name} from '@ros/${name}'`)
  // Where the packages are found, and no check of the sources looks.
  const module = join(root, 'node_modules/.types-of-all.ts')
  const configuration = {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
      module: 'preserve',
      moduleResolution: 'bundler',
      customConditions: ['browser'],
      types: [],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files: [module],
  }
  const project = join(folder, 'tsconfig.json')
  writeFileSync(project, JSON.stringify(configuration))
  writeFileSync(module, imports.join('\n'))
  try {
    const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--listFiles']
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stdout.split('\n').filter((line) => line.includes('error TS'))).toEqual([])
    expect(status).toBe(0)
    for (const name of PACKAGES) expect(stdout).toContain(`/packages/${name}/dist/index.d.ts`)
    expect(stdout).not.toMatch(/@types\/node/)
  } finally {
    rmSync(module, { force: true })
  }
})

describe('run from the bundle', () => {
  interface Packages {
    readonly initrd: typeof initrd
    readonly iso: typeof iso
    readonly tree: typeof tree
    readonly bytes: typeof bytes
  }
  let theirs: Packages
  const ours: Packages = { initrd, iso, tree, bytes }
  beforeAll(async () => {
    const names = ['initrd', 'iso', 'tree', 'bytes']
    const { text } = await bundle(names.map((name) => `export * as ${name} from '@ros/${name}'`).join('\n'))
    const path = join(folder, 'packages.mjs')
    writeFileSync(path, text)
    theirs = (await import(pathToFileURL(path).href)) as Packages
  })

  const sample = ({ tree: { Tree, device, directory, file, symlink }, bytes: { fromText } }: Packages) =>
    new Tree()
      .add('bin', directory())
      .add('bin/hello', file(fromText('#!/bin/sh\necho hello\n'.repeat(5000)), { mode: 0o755 }))
      .add('dev', directory())
      .add('dev/console', device('character', 5, 1))
      .add('init', symlink('bin/hello'))

  test('an initrd is the same', async () => {
    const archive = ({ initrd }: Packages, from: Packages) => collect(initrd.writeInitrd(sample(from)), LIMIT)
    expect(await archive(theirs, theirs)).toEqual(await archive(ours, ours))
  })

  test.each(['gzip', 'lz4'] as const)('%s is written and read', async (compression) => {
    const write = (packages: Packages) => {
      const tree = sample(packages)
      return collect(packages.initrd.writeSegments([{ name: 'all', tree, compression }]), LIMIT)
    }
    for (const bytes of [await write(theirs), await write(ours)])
      for (const { initrd, bytes: sources } of [theirs, ours]) {
        const { tree, segments } = await initrd.readInitrd(sources.fromBytes(bytes))
        expect(segments).toMatchObject([{ compression, size: bytes.length }])
        expect(await collect(initrd.writeInitrd(tree), LIMIT)).toEqual(
          await collect(ours.initrd.writeInitrd(sample(ours)), LIMIT),
        )
      }
  })

  test.each(['xz', 'lzma'] as const)('%s is read', async (compression) => {
    const segment = { name: 'all', tree: sample(ours), compression }
    const packed = await collect(ours.initrd.writeSegments([segment]), LIMIT)
    const { tree } = await theirs.initrd.readInitrd(theirs.bytes.fromBytes(packed))
    expect(await collect(theirs.initrd.writeInitrd(tree), LIMIT)).toEqual(
      await collect(ours.initrd.writeInitrd(sample(ours)), LIMIT),
    )
  })

  test('zstd is not read', async () => {
    const segment = { name: 'all', tree: sample(ours), compression: 'zstd' as const }
    const packed = await collect(ours.initrd.writeSegments([segment]), LIMIT)
    await expect(theirs.initrd.readInitrd(theirs.bytes.fromBytes(packed))).rejects.toMatchObject({
      code: 'ROS_COMPRESS_UNAVAILABLE',
    })
  })

  test.each(['zstd', 'xz', 'lzma'] as const)('%s is not written', async (compression) => {
    const segment = { name: 'all', tree: sample(theirs), compression }
    await expect(collect(theirs.initrd.writeSegments([segment]), LIMIT)).rejects.toMatchObject({
      code: 'ROS_COMPRESS_UNAVAILABLE',
    })
  })

  test('an image is the same', async () => {
    const image = (packages: Packages) => {
      const options = { volumeId: 'SAMPLE', created: 1_700_000_000 }
      return collect(packages.iso.writeIso(packages.iso.layoutIso(sample(packages), options)), LIMIT)
    }
    expect(await image(theirs)).toEqual(await image(ours))
  })
})
