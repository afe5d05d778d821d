import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type ByteSource, collect, fromBytes, fromText } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { file, Tree } from '@ros/tree'
import { afterAll, describe, expect, test } from 'vitest'
import {
  composeImage,
  type DockerSaveRule,
  dockerSaveRules,
  lintDockerSave,
  treeLayer,
  writeDockerSave,
  writeTreeTar,
} from './index.ts'
import type { TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

const LIMIT = 20_000_000
const folder = mkdtempSync(join(tmpdir(), 'ros-lint-save-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lint = async (source: ByteSource) => {
  const findings = []
  for await (const finding of lintDockerSave(source)) findings.push(finding)
  return findings
}

const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
const member = (path: string, content: Uint8Array | string): TarEntry => {
  const source = typeof content === 'string' ? fromText(content) : fromBytes(content)
  return { ...common, path, type: 'file', size: source.size, content: source }
}
const archive = async (...entries: TarEntry[]) => collect(writeTar(entries), LIMIT)
const tree = new Tree().addDirectories('etc').add('etc/a', file(fromText('a'.repeat(600))))
const layer = await collect(writeTreeTar(tree), LIMIT)
const at = (bytes: Uint8Array) => fromBytes(bytes)

interface Parts {
  readonly layer?: Uint8Array
  readonly diffIds?: readonly string[]
  readonly config?: string
  readonly configName?: string
  readonly manifest?: object
  readonly leaveOut?: string
  readonly more?: readonly TarEntry[]
}

/** An archive with one image of one layer, and what is to be wrong with it. */
async function image(parts: Parts = {}): Promise<Uint8Array> {
  const tar = parts.layer ?? layer
  const diffIds = parts.diffIds ?? [await sha256(at(tar))]
  const config =
    parts.config ??
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } })
  const configName = parts.configName ?? `${(await sha256(fromText(config))).slice(7)}.json`
  const manifest = [{ Config: configName, RepoTags: ['a:1'], Layers: ['l/layer.tar'], ...parts.manifest }]
  const members = [
    member(configName, config),
    member('l/layer.tar', tar),
    member('manifest.json', JSON.stringify(manifest)),
    ...(parts.more ?? []),
  ]
  return archive(...members.filter(({ path }) => path !== parts.leaveOut))
}

const entry = (path: string, over: Partial<TarEntry>): TarEntry =>
  ({ ...common, path, type: 'file', ...over }) as TarEntry
const withLayer = async (...entries: TarEntry[]) => image({ layer: await archive(...entries) })

const planted: [fault: string, bytes: () => Promise<Uint8Array> | Uint8Array, expected: DockerSaveRule[]][] =
  [
    ['missing layer', () => image({ leaveOut: 'l/layer.tar' }), ['save/layer-missing']],
    [
      'layer count',
      async () => image({ diffIds: [await sha256(at(layer)), await sha256(at(layer))] }),
      ['save/layer-count'],
    ],
    ['wrong diff_id', () => image({ diffIds: [`sha256:${'1'.repeat(64)}`] }), ['save/diff-id']],
    ['garbage layer', () => image({ layer: Buffer.alloc(5000, 'garbage') }), ['save/layer-tar']],
    ['layer cut in content', () => image({ layer: layer.subarray(0, 1400) }), ['save/layer-tar']],
    [
      'damaged compressed layer',
      () => image({ layer: gzipSync(layer).subarray(0, 60), diffIds: [`sha256:${'1'.repeat(64)}`] }),
      ['save/layer-tar'],
    ],
    [
      'configuration under another name',
      () => image({ configName: `${'2'.repeat(64)}.json` }),
      ['save/config-digest'],
    ],
    ['configuration under no digest', () => image({ configName: 'config.json' }), ['save/config-digest']],
    ['configuration missing', () => image({ manifest: { Config: 'nothing.json' } }), ['save/config-missing']],
    ['configuration that is none', () => image({ config: '{"os":1}' }), ['save/config']],
    ['configuration with a wrong digest form', () => image({ diffIds: ['sha256:xyz'] }), ['save/config']],
    ['name without a tag', () => image({ manifest: { RepoTags: ['busybox'] } }), ['save/tag-version']],
    ['upper-case repository', () => image({ manifest: { RepoTags: ['Busybox:1'] } }), ['save/tag-grammar']],
    ['no names', () => image({ manifest: { RepoTags: null } }), ['save/no-tags']],
    [
      'layer without an end',
      () => image({ layer: layer.subarray(0, layer.length - 1024) }),
      ['save/layer-eof'],
    ],
    [
      'hard link before its file',
      () => withLayer(entry('b', { type: 'link', linkname: 'a' }), member('a', 'x')),
      ['save/layer-link'],
    ],
    ['whiteout without a name', () => withLayer(member('.wh.', '')), ['save/whiteout']],
    ['whiteout with content', () => withLayer(member('.wh.a', 'x')), ['save/whiteout']],
    ['no manifest', () => image({ leaveOut: 'manifest.json' }), ['save/manifest']],
    ['manifest that is no list', () => archive(member('manifest.json', '{}')), ['save/manifest']],
    [
      'manifest of another shape',
      () => archive(member('manifest.json', '[{"Layers":1}]')),
      ['save/manifest'],
    ],
    ['archive that is cut', async () => (await image()).subarray(0, 600), ['save/archive']],
    ['no tar', () => Buffer.alloc(2000, 'x'), ['save/archive']],
    ['compressed archive', async () => gzipSync(await image()), ['save/compressed']],
    [
      'name of two images',
      async () => {
        const config = JSON.stringify({
          architecture: 'arm64',
          os: 'linux',
          rootfs: { type: 'layers', diff_ids: [] },
        })
        const configName = `${(await sha256(fromText(config))).slice(7)}.json`
        const first = JSON.stringify({
          architecture: 'amd64',
          os: 'linux',
          rootfs: { type: 'layers', diff_ids: [] },
        })
        const firstName = `${(await sha256(fromText(first))).slice(7)}.json`
        const images = [firstName, configName].map((Config) => ({ Config, RepoTags: ['a:1'], Layers: [] }))
        return archive(
          member(firstName, first),
          member(configName, config),
          member('manifest.json', JSON.stringify(images)),
        )
      },
      ['save/tag-duplicate'],
    ],
    [
      'broken legacy chain',
      () =>
        image({
          more: [
            member('repositories', '{"a":{"1":"f00"}}'),
            member('f00/json', '{"id":"f00","parent":"bad"}'),
          ],
        }),
      ['save/legacy-chain'],
    ],
  ]

describe('lintDockerSave finds', () => {
  test.each(planted)('%s', async (_, bytes, expected) => {
    const findings = await lint(at(await bytes()))
    expect([...new Set(findings.map(({ rule }) => rule))].sort()).toEqual(expected)
  })

  test('a fault of every rule there is', () => {
    const found = new Set(planted.flatMap(([, , expected]) => expected))
    expect([...found].sort()).toEqual(Object.keys(dockerSaveRules).sort())
  })

  test('where a fault is', async () => {
    const bytes = Buffer.from(await image({ diffIds: [`sha256:${'1'.repeat(64)}`] }))
    const offset = bytes.indexOf(Buffer.from(layer.subarray(0, 512)))
    expect(await lint(at(bytes))).toMatchObject([
      { rule: 'save/diff-id', severity: 'error', offset, subject: 'l/layer.tar' },
    ])
  })
})

describe('lintDockerSave has nothing to say about', () => {
  test('good archives: manifest first, no legacy files, "./" names, a layer twice, two images', async () => {
    expect(await lint(at(await image()))).toEqual([])
    const digest = await sha256(at(layer))
    const twice = image({ diffIds: [digest, digest], manifest: { Layers: ['./l/layer.tar', 'l/layer.tar'] } })
    expect(await lint(at(await twice))).toEqual([])
    expect(await lint(at(await image({ layer: gzipSync(layer), diffIds: [digest] })))).toEqual([])
  })

  test('ours, and skopeo’s copies of it', async () => {
    const base = composeImage({
      repoTags: ['a:1', 'rancher/os-a:v1'],
      layers: [await treeLayer(tree)],
      created: 0,
    })
    const top = composeImage({
      repoTags: ['b:1'],
      layers: [await treeLayer(new Tree().add('.wh.etc', file(fromText(''))))],
      base,
      created: 0,
    })
    const bytes = await collect(writeDockerSave([base, top]), LIMIT)
    expect(await lint(at(bytes))).toEqual([])
    writeFileSync(join(folder, 'ours.tar'), bytes)
    const args = [
      'copy',
      '-q',
      '--insecure-policy',
      'docker-archive:ours.tar:b:1',
      'docker-archive:copy.tar:b:1',
    ]
    execFileSync('skopeo', args, { cwd: folder, timeout: 60_000 })
    expect(await lint(at(readFileSync(join(folder, 'copy.tar'))))).toEqual([])
  })
})
