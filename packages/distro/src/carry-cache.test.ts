import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { fileSource, replaceFile, sha256Text } from '@ros/bytes/node'
import { writeTreeTar } from '@ros/images-tar'
import { openStore } from '@ros/store'
import { file, Tree } from '@ros/tree'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportCache, importCache } from './carry-cache.ts'
import { fetchInputs } from './inputs.ts'
import { LOCK_NAME } from './lock-file.ts'
import { RECIPE_NAME } from './open-recipe.ts'
import { type InputOptions, lock, lockFor, openSession } from './session.ts'

/** Only files: nothing of it needs a network. */
const RECIPE = `
name: files
version: v1
arch: arm
layout: v0.4
engine: { file: userland.tar, docker: { file: docker } }
images: { from: { file: images.tar } }
ros: { file: ros }
initrd: { compression: gzip, level: 1 }
iso: { volumeId: X, publisher: X, append: quiet }
`
const FILES = { 'userland.tar': 'userland', docker: 'docker', 'images.tar': 'images', ros: 'ros' }

let folder: string
const options = (): InputOptions => ({ folder, cache: join(folder, 'cache'), offline: true })
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-carry-'))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, RECIPE_NAME), RECIPE)
  await lock(options())
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const there = () => join(folder, 'there')

describe('an exported cache', () => {
  test('has recipe, lock and inputs, is the same bytes each time, and is taken in elsewhere', async () => {
    const path = join(folder, 'build.tar')
    const { contents, outside } = await exportCache(options(), path)
    expect(contents.map(({ name }) => name).sort()).toEqual(Object.keys(FILES).sort())
    expect(outside).toEqual([])
    const bytes = readFileSync(path)
    await exportCache(options(), path)
    expect(readFileSync(path).equals(bytes)).toBe(true)

    const imported = await importCache({ cache: there(), path })
    expect(imported.contents).toBe(4)
    expect(imported.files.get(RECIPE_NAME)).toBe(RECIPE)
    expect(imported.files.get(LOCK_NAME)).toBe(readFileSync(join(folder, LOCK_NAME), 'utf8'))
    // With the files gone, the other cache is enough.
    for (const name of Object.keys(FILES)) rmSync(join(folder, name))
    const session = await openSession({ ...options(), cache: there() })
    const inputs = await fetchInputs(session.recipe, await lockFor(session, true), session.context)
    expect(inputs.ros).toMatchObject({ kind: 'content', name: 'ros' })
  })

  test('with content that is not what its name says is refused, and nothing of it stays', async () => {
    const evil = new Tree().addDirectories('sha256')
    evil.add(LOCK_NAME, file(fileSource(join(folder, LOCK_NAME))))
    evil.add(`sha256/${'0'.repeat(64)}`, file(fromText('evil')))
    const path = join(folder, 'evil.tar')
    await replaceFile(path, writeTreeTar(evil))
    await expect(importCache({ cache: there(), path })).rejects.toMatchObject({ code: 'ROS_BYTES_DIGEST' })
    expect(readdirSync(join(there(), 'sha256'))).toEqual([])
    expect(readdirSync(join(there(), 'temporary'))).toEqual([])
  })

  test.each([
    ['another name', 'sha256/passwd'],
    ['a directory for a content', `sha256/${'0'.repeat(64)}/x`],
  ])('with %s is refused', async (_, name) => {
    const evil = new Tree().addDirectories(name.slice(0, name.lastIndexOf('/')))
    evil.add(LOCK_NAME, file(fileSource(join(folder, LOCK_NAME)))).add(name, file(fromText('evil')))
    const path = join(folder, 'evil.tar')
    await replaceFile(path, writeTreeTar(evil))
    await expect(importCache({ cache: there(), path })).rejects.toMatchObject({
      code: 'ROS_DISTRO_CONTAINER',
    })
  })

  test('cut anywhere is refused, or lacks what the next build then asks for', async () => {
    const path = join(folder, 'build.tar')
    await exportCache(options(), path)
    const whole = readFileSync(path)
    for (const length of [0, 100, 700, 1500, whole.length - 1200]) {
      writeFileSync(path, whole.subarray(0, length))
      await expect(importCache({ cache: join(folder, `cut-${length}`), path })).rejects.toMatchObject({
        code: expect.stringMatching(/^ROS_/),
      })
    }
  })

  test('an ordinary tar is none', async () => {
    const path = join(folder, 'some.tar')
    await replaceFile(path, writeTreeTar(new Tree().add('a', file(fromText('a')))))
    await expect(importCache({ cache: there(), path })).rejects.toMatchObject({
      code: 'ROS_DISTRO_CONTAINER',
    })
  })
})

test('an input that is damaged in the cache is fetched again, and said so', async () => {
  const session = await openSession(options())
  const { store } = session.context
  const digest = sha256Text('docker')
  chmodSync(store.path(digest), 0o644)
  writeFileSync(store.path(digest), 'dicker')
  const told: string[] = []
  const context = { ...session.context, report: ({ text }: { text: string }) => void told.push(text) }
  await fetchInputs(session.recipe, await lockFor(session, true), context)
  expect(readFileSync(store.path(digest), 'utf8')).toBe('docker')
  expect(told.join('\n')).toContain('docker is damaged in the cache')
  // Where it cannot be had again, nothing damaged is used.
  chmodSync(store.path(digest), 0o644)
  writeFileSync(store.path(digest), 'dicker')
  rmSync(join(folder, 'docker'))
  await expect(fetchInputs(session.recipe, await lockFor(session, true), context)).rejects.toMatchObject({
    code: 'ROS_DISTRO_INPUT',
  })
  expect(await (await openStore(join(folder, 'cache'))).has(digest)).toBe(false)
})
