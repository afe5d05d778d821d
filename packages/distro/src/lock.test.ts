import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIndex, fetchDebs, type PackageRecord } from '@ros/debian'
import { openStore } from '@ros/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assetText } from './assets.ts'
import { fetchInputs } from './inputs.ts'
import { formatLock, readLock, recipeDigest, writeLock } from './lock-file.ts'
import type { Lock } from './lock-schema.ts'
import { openNetwork } from './network.ts'
import { readRecipe } from './recipe.ts'
import type { Recipe } from './recipe-schema.ts'
import { lockDrift, resolveRecipe } from './resolve.ts'
import type { SourceContext } from './sources/context.ts'

let folder: string
let context: SourceContext

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-lock-'))
  writeFileSync(join(folder, 'ros'), 'a program')
  context = {
    arch: 'amd64',
    folder,
    store: await openStore(join(folder, 'cache')),
    network: openNetwork({ offline: true, rewrites: [], report: () => undefined, signal: undefined }),
    pinNew: false,
    now: new Date(0),
    report: () => undefined,
    signal: undefined,
    debian: {
      index: () => Promise.resolve(createIndex([{ preference: 500, records: records() }], 'amd64')),
      fetch: (packages) => fetchDebs(packages, context.store, { offline: true }),
    },
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Two packages, one needing the other. */
function records(version = '1.0'): PackageRecord[] {
  const record = (name: string, depends: string): PackageRecord => ({
    name,
    version,
    architecture: 'amd64',
    source: { name, version },
    filename: `pool/${name}_${version}_amd64.deb`,
    size: 100,
    digest: `sha256:${name.charCodeAt(0).toString(16).repeat(32)}`,
    essential: false,
    priority: 'optional',
    preDepends: '',
    depends,
    provides: '',
    conflicts: '',
    breaks: '',
  })
  return [record('app', 'lib'), record('lib', '')]
}

const text = `
name: small
version: v1
arch: amd64
kernel: { debian: [app], modules: all }
engine: { debian: [lib], programs: [app] }
images:
  base: { debian: [lib] }
  services: { one: { debian: [app] }, two: {} }
loader: { debian: [lib] }
ros: { file: ros }
initrd: { compression: zstd, level: 3 }
iso: { volumeId: X, publisher: X, append: quiet }
`
const small = (change: (given: string) => string = (given) => given): Recipe =>
  readRecipe(change(text), 'small.yml', {})

describe('a lock', () => {
  test('has every input by digest, sorted, with no host, and is the same bytes each time', async () => {
    const lock = await resolveRecipe(small(), context)
    expect(lock.packages.map(({ name }) => name)).toEqual(['app', 'lib'])
    expect(lock.parts).toMatchObject({
      kernel: { packages: ['app_1.0_amd64', 'lib_1.0_amd64'] },
      // The base has lib already.
      'images.one': { packages: ['app_1.0_amd64'] },
      ros: { content: { name: 'ros', size: 9 } },
    })
    expect(formatLock(lock)).toBe(formatLock(await resolveRecipe(small(), context)))
    expect(formatLock(lock)).not.toContain(folder)
    expect(formatLock(lock)).not.toContain('://')
  })

  test('is read as it was written', async () => {
    const lock = await resolveRecipe(small(), context)
    const path = join(folder, 'lock.json')
    await writeLock(path, lock)
    expect(await readLock(path)).toEqual(JSON.parse(readFileSync(path, 'utf8')))
    expect(await readLock(join(folder, 'none'))).toBeUndefined()
  })

  test.each([
    ['not JSON', '{', /ROS_LOCK_SYNTAX/],
    ['of a later kit', '{"lockVersion": 2}', /later kit/],
    ['without parts', '{"lockVersion": 1}', /recipe: /],
    ['null', 'null', /lock: /],
  ])('that is %s is refused', async (_, content, problem) => {
    const path = join(folder, 'lock.json')
    writeFileSync(path, content)
    const error = (await readLock(path).catch((thrown: unknown) => thrown)) as Error & { code: string }
    expect(`${error.code} ${error.message}`).toMatch(problem)
  })

  test('that leads out of a mirror is refused', async () => {
    const lock = await resolveRecipe(small(), context)
    const path = join(folder, 'lock.json')
    for (const filename of ['../../etc/passwd', '/etc/passwd', 'pool/../../x', 'pool/..']) {
      writeFileSync(path, formatLock(lock).replace('pool/app_1.0_amd64.deb', filename))
      await expect(readLock(path)).rejects.toMatchObject({ code: 'ROS_LOCK_SYNTAX' })
    }
  })
})

describe('the digest of a recipe', () => {
  test('does not depend on comments, order and spelled-out defaults', () => {
    const same = small((given) => given.replace('name: small\nversion: v1', '# x\nversion: v1\nname: small'))
    expect(recipeDigest(same)).toBe(recipeDigest(small()))
    const spelled = small((given) => given.replace('two: {}', 'two: { debian: [], without: [] }'))
    expect(recipeDigest(spelled)).toBe(recipeDigest(small()))
  })

  test('depends on every value', () => {
    const other = small((given) => given.replace('level: 3', 'level: 4'))
    expect(recipeDigest(other)).not.toBe(recipeDigest(small()))
  })
})

describe('drift', () => {
  const drift = async (lock: Lock, recipe = small()) => lockDrift(recipe, lock, context)

  test('none while nothing changes', async () => {
    expect(await drift(await resolveRecipe(small(), context))).toEqual([])
  })

  test('a recipe with another value, a file with another content', async () => {
    const lock = await resolveRecipe(small(), context)
    const other = small((given) => given.replace('[lib], programs', '[app], programs'))
    expect(await drift(lock, other)).toEqual(['the recipe is another one'])
    writeFileSync(join(folder, 'ros'), 'another program')
    expect(await drift(lock)).toEqual(['ros: ros has changed'])
  })

  test('of a file: the rest stays as it was locked, and no package lists are read', async () => {
    const lock = await resolveRecipe(small(), context)
    writeFileSync(join(folder, 'ros'), 'another program')
    const debian = { ...context.debian, index: () => Promise.reject(new Error('asked')) }
    const anew = await resolveRecipe(small(), { ...context, debian }, lock)
    expect(anew.parts['ros']).not.toEqual(lock.parts['ros'])
    expect({ ...anew, parts: { ...anew.parts, ros: 0 } }).toEqual({
      ...lock,
      parts: { ...lock.parts, ros: 0 },
    })
    // Another recipe keeps nothing.
    const other = small((given) => given.replace('level: 3', 'level: 4'))
    await expect(resolveRecipe(other, { ...context, debian }, lock)).rejects.toThrow('asked')
  })

  test('a file that is gone is no drift: the store has it', async () => {
    const lock = await resolveRecipe(small(), context)
    rmSync(join(folder, 'ros'))
    expect(await drift(lock)).toEqual([])
    const { digest } = (lock.parts['ros'] as { content: { digest: `sha256:${string}` } }).content
    expect(await context.store.has(digest, 9)).toBe(true)
  })

  test('a directory: content, mode, time and names count, umask does not', async () => {
    const place = join(folder, 'kernel')
    mkdirSync(join(place, 'boot'), { recursive: true })
    const file = join(place, 'boot/vmlinuz-1')
    writeFileSync(file, 'x', { mode: 0o644 })
    for (const path of [place, join(place, 'boot'), file]) utimesSync(path, 1, 1)
    const recipe = small((given) => given.replace('kernel: { debian: [app]', 'kernel: { file: kernel'))
    const lock = await resolveRecipe(recipe, context)
    expect(await lockDrift(recipe, lock, context)).toEqual([])
    chmodSync(file, 0o600)
    chmodSync(join(place, 'boot'), 0o700)
    expect(await lockDrift(recipe, lock, context)).toEqual([])
    chmodSync(file, 0o755)
    expect(await lockDrift(recipe, lock, context)).toEqual(['kernel: kernel has changed'])
  })

  test('the Go module of ros: sources count, what was built does not', async () => {
    writeFileSync(join(folder, 'go.mod'), 'module x\n')
    writeFileSync(join(folder, 'main.go'), 'package main\n')
    const recipe = small((given) => given.replace('ros: { file: ros }', 'ros: { build: . }'))
    rmSync(join(folder, 'cache'), { recursive: true })
    const lock = await resolveRecipe(recipe, context)
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(folder, 'dist/ros'), 'built')
    expect(await lockDrift(recipe, lock, context)).toEqual([])
    writeFileSync(join(folder, 'main.go'), 'package main // changed\n')
    expect(await lockDrift(recipe, lock, context)).toEqual(['ros: . has changed'])
  })
})

test('packages inside which something is looked for are in the lock too', async () => {
  const recipe = small((given) =>
    given
      .replace('ros: { file: ros }', 'ros: { inside: usr/bin/app, of: { debian: [app] } }')
      .replace('kernel: { debian: [app]', 'kernel: { debian: [lib]'),
  )
  const lock = await resolveRecipe({ ...recipe, images: { ...recipe.images, services: {} } }, context)
  expect(lock.packages.map(({ name }) => name)).toEqual(['app', 'lib'])
})

test('sha256 in the recipe is checked against the file', async () => {
  const recipe = small((given) =>
    given.replace('ros: { file: ros }', `ros: { file: ros, sha256: ${'a'.repeat(64)} }`),
  )
  await expect(resolveRecipe(recipe, context)).rejects.toMatchObject({ code: 'ROS_DISTRO_DIGEST' })
  const absent = small((given) => given.replace('file: ros', 'file: none'))
  await expect(resolveRecipe(absent, context)).rejects.toMatchObject({ code: 'ROS_DISTRO_INPUT' })
})

test('offline, packages that the store lacks are named', async () => {
  const lock = await resolveRecipe(small(), context)
  await expect(fetchInputs(small(), lock, context)).rejects.toMatchObject({ code: 'ROS_DEBIAN_OFFLINE' })
})

test('the built-in recipe names a source for each part', async () => {
  const recipe = readRecipe(await assetText('recipes/debian.yml'), 'debian.yml', { KIT_VERSION: 'v1' })
  expect(recipe.kernel?.debian).toContain('linux-image-amd64')
})
