import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromText, readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import {
  composeImage,
  ociLayoutEntries,
  treeLayer,
  writeDockerSave,
  writeLayoutDirectory,
  writeOciLayout,
} from '@ros/images-tar'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catCommand } from '../commands/cat.ts'
import { diffCommand } from '../commands/diff.ts'
import { inspectCommand } from '../commands/inspect.ts'
import { lintCommand } from '../commands/lint.ts'
import { lsCommand } from '../commands/ls.ts'
import { Spool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-look-oci-'))
const at = (name: string) => join(folder, name)
const spool = new Spool(256 * 1024 ** 2, new AbortController().signal)

beforeAll(async () => {
  const text = (value: string) => file(fromText(value))
  const layers = [
    await treeLayer(new Tree().addDirectories('etc').add('etc/motd', text('old')).add('etc/gone', text('x'))),
    await treeLayer(
      new Tree().addDirectories('etc').add('etc/.wh.gone', text('')).add('etc/motd', text('new\n')),
    ),
  ]
  const image = composeImage({ repoTags: ['team/app:v1'], layers, created: 0 })
  const keep = async (chunks: AsyncIterable<Uint8Array>) => spool.store(chunks, 'layer')
  await replaceFile(at('images.tar'), writeDockerSave([image]))
  await replaceFile(at('oci.tar'), writeOciLayout([image], { compression: 'zstd', keep }))
  await writeLayoutDirectory(at('layout'), await ociLayoutEntries([image], { compression: 'gzip', keep }))
})
afterAll(async () => {
  await spool.close()
  rmSync(folder, { recursive: true, force: true })
})

test.each(['oci.tar', 'layout'])('%s: its images, their files, itself', async (name) => {
  const facts = await inspectCommand(at(name), spool)
  expect(facts).toMatchObject({ kind: 'oci-layout', images: [{ tags: ['team/app:v1'], os: 'linux' }] })
  const listed = await lsCommand(at(`${name}:team/app:v1:/etc`), false, spool)
  expect(listed.entries?.map(({ path }) => path)).toEqual([expect.stringMatching(/motd$/)])
  const content = await catCommand(at(`${name}:team/app:v1:/etc/motd`), spool)
  expect(new TextDecoder().decode(await readAll(content, 100))).toBe('new\n')
  const index = await catCommand(at(`${name}:/index.json`), spool)
  expect(JSON.parse(new TextDecoder().decode(await readAll(index, 10_000)))).toMatchObject({
    schemaVersion: 2,
  })
})

test('however the images are packed, they are the same', async () => {
  const differences = async (a: string, b: string) => {
    const found = []
    for await (const { difference } of diffCommand(at(a), at(b), spool)) found.push(difference)
    return found
  }
  expect(await differences('images.tar', 'oci.tar')).toEqual(['encoding'])
  expect(await differences('layout', 'oci.tar')).toEqual([])
  expect(await differences('images.tar', 'layout')).toEqual([])
})

async function rules(target: string): Promise<string[]> {
  const found = []
  for await (const { rule } of (await lintCommand(at(target), undefined, spool)).findings) found.push(rule)
  return [...new Set(found)].sort()
}

test('lint finds nothing in ours, and each fault that is planted', async () => {
  expect(await rules('oci.tar')).toEqual([])
  expect(await rules('layout')).toEqual([])
  const blobs = at('layout/blobs/sha256')
  const planted = async (
    plant: (name: string, content: Buffer) => void,
    choose: (content: Buffer) => boolean,
  ) => {
    const name =
      readdirSync(blobs).find((each) => choose(readFileSync(join(blobs, each)))) ?? expect.fail('none')
    const content = readFileSync(join(blobs, name))
    try {
      plant(join(blobs, name), content)
      return await rules('layout')
    } finally {
      writeFileSync(join(blobs, name), content)
    }
  }
  const isLayer = (content: Buffer) => content[0] === 0x1f
  const isManifest = (content: Buffer) => content.includes('"layers"')
  const isConfig = (content: Buffer) => content.includes('"diff_ids"')
  expect(await planted((path) => rmSync(path), isLayer)).toEqual(['oci/blob-missing'])
  expect(await planted((path, content) => writeFileSync(path, content.subarray(1)), isLayer)).toEqual([
    'oci/blob-digest',
    'oci/blob-size',
  ])
  expect(await planted((path) => rmSync(path), isManifest)).toEqual(['oci/blob-missing', 'oci/unreferenced'])
  const changed = (path: string, content: Buffer) =>
    writeFileSync(path, content.toString().replace('linux', 'lin--'))
  expect(await planted(changed, isConfig)).toEqual(['oci/blob-digest'])

  writeFileSync(join(blobs, '0'.repeat(64)), 'x')
  expect(await rules('layout')).toEqual(['oci/unreferenced'])
  rmSync(join(blobs, '0'.repeat(64)))
  const index = readFileSync(at('layout/index.json'))
  writeFileSync(at('layout/index.json'), index.toString().replace('"schemaVersion":2', '"schemaVersion":3'))
  expect(await rules('layout')).toEqual(['oci/index', 'oci/unreferenced'])
  writeFileSync(at('layout/index.json'), index)
  writeFileSync(at('layout/oci-layout'), '{}')
  expect(await rules('layout')).toEqual(['oci/layout'])
})

test('a layout that skopeo writes has no errors', async () => {
  execFileSync('skopeo', [
    'copy',
    '-q',
    `docker-archive:${at('images.tar')}`,
    `oci:${at('skopeo')}:team/app:v1`,
  ])
  expect(await rules('skopeo')).toEqual([])
  expect(fileSource(at('skopeo/index.json')).size).toBeGreaterThan(0)
})
