import { fromText } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { type PackageRecord, parsePackages } from './index.ts'

const sha = 'ab'.repeat(32)
const stanza = (changes: Record<string, string | undefined> = {}) =>
  Object.entries({
    Package: 'libc6',
    Source: 'glibc (2.36-9)',
    Version: '2.36-9+b1',
    Architecture: 'amd64',
    Essential: 'yes',
    Priority: 'required',
    'Pre-Depends': 'libcrypt1',
    Depends: 'libgcc-s1,\n libfoo',
    Provides: 'libc6-virtual (= 1)',
    Conflicts: 'old',
    Breaks: 'older (<< 1)',
    Description: 'not kept',
    Filename: 'pool/main/g/glibc/libc6_2.36-9+b1_amd64.deb',
    Size: '2759320',
    SHA256: sha,
    ...changes,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')

describe('parsePackages', () => {
  test('reads all that matters of a stanza', async () => {
    const expected: PackageRecord = {
      name: 'libc6',
      version: '2.36-9+b1',
      architecture: 'amd64',
      source: { name: 'glibc', version: '2.36-9' },
      filename: 'pool/main/g/glibc/libc6_2.36-9+b1_amd64.deb',
      size: 2759320,
      digest: `sha256:${sha}`,
      essential: true,
      priority: 'required',
      preDepends: 'libcrypt1',
      depends: 'libgcc-s1,\nlibfoo',
      provides: 'libc6-virtual (= 1)',
      conflicts: 'old',
      breaks: 'older (<< 1)',
    }
    expect(await parsePackages(stanza(), 'list')).toEqual([expected])
    expect(await parsePackages(fromText(stanza()).open(), 'list')).toEqual([expected])
  })

  test('source is the package itself, its version the same, where nothing else is said', async () => {
    const texts = [stanza({ Source: undefined }), stanza({ Source: 'glibc' })]
    const records = await parsePackages(texts.join('\n'), 'list')
    expect(records.map(({ source }) => source)).toEqual([
      { name: 'libc6', version: '2.36-9+b1' },
      { name: 'glibc', version: '2.36-9+b1' },
    ])
  })

  test('an empty list has no packages', async () => {
    expect(await parsePackages('', 'list')).toEqual([])
    expect(await parsePackages('\n\n', 'list')).toEqual([])
  })

  test.each([
    ['Package', undefined],
    ['Package', '../x'],
    ['Version', undefined],
    ['Version', '1_2'],
    ['Architecture', undefined],
    ['Filename', undefined],
    ['Filename', '/etc/passwd'],
    ['Filename', 'pool/../../x.deb'],
    ['Filename', '..'],
    ['Size', undefined],
    ['Size', '-1'],
    ['Size', '1e3'],
    ['SHA256', undefined],
    ['SHA256', 'AB'.repeat(32)],
    ['Source', 'a b'],
  ])('refuses %s %j and names the line', async (field, value) => {
    const text = `${stanza()}\n${stanza({ [field]: value })}`
    await expect(parsePackages(text, 'list')).rejects.toMatchObject({
      code: 'ROS_DEBIAN_SYNTAX',
      subject: 'list, line 18',
    })
  })
})
