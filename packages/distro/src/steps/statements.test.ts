import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256Text } from '@ros/bytes/node'
import { afterAll, describe, expect, test } from 'vitest'
import type { Lock } from '../lock-schema.ts'
import { buildInfo } from './build-info.ts'
import { sbom } from './sbom.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-statements-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const content = (name: string) => ({ content: { name, size: 3, digest: sha256Text(name) } })
const lock: Lock = {
  lockVersion: 1,
  recipe: { name: 'r', version: 'v1', arch: 'amd64', digest: sha256Text('recipe') },
  parts: {
    kernel: { packages: ['libstdc++6_1:2~x_amd64'] },
    ros: { inside: 'usr/bin/ros', of: content('a b+c.iso') },
    other: content('kernel.tar'),
    place: { directory: sha256Text('directory') },
  },
  packages: [
    {
      name: 'libstdc++6',
      version: '1:2~x',
      architecture: 'amd64',
      source: { name: 'gcc-12', version: '12' },
      filename: 'pool/main/g/gcc-12/libstdc++6_2_amd64.deb',
      size: 1,
      digest: sha256Text('deb'),
    },
  ],
}

interface Document {
  readonly SPDXID: string
  readonly spdxVersion: string
  readonly dataLicense: string
  readonly name: string
  readonly documentNamespace: string
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] }
  readonly packages: readonly (Record<string, unknown> & { SPDXID: string; name: string })[]
  readonly relationships: readonly Record<string, string>[]
}

describe('sbom.spdx.json', () => {
  const document = JSON.parse(sbom({ lock, time: 1_700_000_000 })) as Document

  test('has what SPDX 2.3 requires of a document (§6)', () => {
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      creationInfo: { created: '2023-11-14T22:13:20Z' },
    })
    expect(document.creationInfo.creators[0]).toMatch(/^Tool: rancheros-kit-\d/)
    expect(new URL(document.documentNamespace).hash).toBe('')
  })

  test('has what it requires of packages (§7): name, id, download location, checksums', () => {
    expect(document.packages.map(({ name }) => name).sort()).toEqual([
      'RancherOS',
      'a b+c.iso',
      'kernel.tar',
      'libstdc++6',
    ])
    for (const one of document.packages) {
      expect(one.SPDXID).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/)
      expect(one).toMatchObject({ downloadLocation: 'NOASSERTION', filesAnalyzed: false })
      for (const { checksumValue } of (one['checksums'] ?? []) as { checksumValue: string }[])
        expect(checksumValue).toMatch(/^[0-9a-f]{64}$/)
    }
    expect(new Set(document.packages.map(({ SPDXID }) => SPDXID)).size).toBe(document.packages.length)
  })

  test('relates every package to the system, and the system to the document (§11)', () => {
    const ids = new Set(['SPDXRef-DOCUMENT', ...document.packages.map(({ SPDXID }) => SPDXID)])
    for (const relation of document.relationships) {
      expect(ids).toContain(relation['spdxElementId'])
      expect(ids).toContain(relation['relatedSpdxElement'])
    }
    const types = document.relationships.map((one) => String(one['relationshipType']))
    expect(types.sort()).toEqual(['CONTAINS', 'CONTAINS', 'CONTAINS', 'DESCRIBES'])
  })

  test('escapes names in package URLs', () => {
    expect(JSON.stringify(document)).toContain('pkg:deb/debian/libstdc%2B%2B6@1%3A2~x?arch=amd64')
  })

  test('is the same each time, and another for other inputs', () => {
    expect(sbom({ lock, time: 1_700_000_000 })).toBe(
      sbom({ lock: structuredClone(lock), time: 1_700_000_000 }),
    )
    const other = { ...lock, recipe: { ...lock.recipe, digest: sha256Text('other') } }
    expect(JSON.parse(sbom({ lock: other, time: 1 }))).not.toMatchObject({
      documentNamespace: document.documentNamespace,
    })
  })
})

test('build-info.json: an in-toto statement of artifacts and all inputs', async () => {
  const path = join(folder, 'initrd')
  writeFileSync(path, 'an initrd')
  const text = await buildInfo({ lock, artifacts: [{ path, size: 9 }], options: { dev: true } })
  expect(JSON.parse(text)).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    subject: [{ name: 'initrd', digest: { sha256: sha256Text('an initrd').slice(7) } }],
    predicate: {
      buildDefinition: {
        externalParameters: { recipe: { name: 'r', digest: lock.recipe.digest }, dev: true },
        resolvedDependencies: [
          { name: 'libstdc++6_1:2~x_amd64.deb' },
          { name: 'other: kernel.tar' },
          { name: 'place: directory' },
          { name: 'ros: a b+c.iso' },
        ],
      },
    },
  })
  expect(text).not.toContain(folder)
})
