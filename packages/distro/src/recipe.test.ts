import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assetText } from './assets.ts'
import { readRecipe } from './recipe.ts'
import { recipeJsonSchema } from './recipe-json-schema.ts'
import { recipeParts } from './source.ts'
import { moduleNames } from './steps/kernel.ts'

const builtIn = await assetText('recipes/debian.yml')
const variables = { KIT_VERSION: 'v1.2.3' }
const read = (text: string) => readRecipe(text, 'r.yml', variables)
const failing = (text: string) => {
  try {
    read(text)
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('the recipe was accepted')
}
/** 1-based line of the first line that holds `needle`. */
const lineOf = (text: string, needle: string) =>
  text.split('\n').findIndex((line) => line.includes(needle)) + 1

describe('readRecipe', () => {
  test('reads the built-in recipe and fills in the version', () => {
    const recipe = read(builtIn)
    expect(recipe.version).toBe('v1.2.3')
    expect(recipe.engine.programs).toContain('dockerd')
    expect(recipe.images.services['console']?.debian).toContain('openssh-server')
    expect(recipe.images.services['state']).toEqual({ debian: [], without: [] })
    expect(recipe.kernel?.debian).toEqual(['linux-image-amd64'])
  })

  test('names an unknown key with its line and column', () => {
    const text = builtIn.replace('volumeId:', 'volumeID:')
    const { code, message } = failing(text)
    expect(code).toBe('ROS_RECIPE_KEY')
    expect(message).toBe(`r.yml:${lineOf(text, 'volumeID')}:3: unknown key iso.volumeID (and 1 more)`)
    const extra = failing(builtIn.replace('  volumeId: RancherOS', '  volumeId: RancherOS\n  colour: red'))
    expect(extra.message).toBe(`r.yml:${lineOf(builtIn, 'volumeId') + 1}:3: unknown key iso.colour`)
  })

  test('proposes the key that was meant', () => {
    const hint = (text: string) => (failing(text) as unknown as { hint?: string }).hint
    expect(hint(builtIn.replace('volumeId:', 'volumeID:'))).toBe('did you mean volumeId?')
    expect(hint(builtIn.replace('\nkernel:', '\nkernl:'))).toBe('did you mean kernel?')
    expect(hint(builtIn.replace('  services:', '  servises:'))).toBe('did you mean services?')
    expect(hint(builtIn.replace('\n    ntp:\n      debian', '\n    ntp:\n      debain'))).toBe(
      'did you mean debian?',
    )
    expect(hint(builtIn.replace('\nloader:', '\nsomething: 1\nloader:'))).toBeUndefined()
  })

  test.each([
    ['ros: { file: a, build: b }', /name one source: .*; not file and build together/],
    ['ros: {}', /name one source: url, file, inside, build; none is there/],
    ['ros: { inside: /usr/bin/ros }', /ros\.inside: needs `of`/],
    ['ros: { file: a, of: { file: b } }', /ros\.of: belongs to another kind/],
    ['ros: { debian: [a] }', /unknown key ros\.debian/],
    ['ros: { inside: a, of: { inside: b } }', /ros\.of\.inside: needs `of`/],
    ['ros: { file: a, sha256: ABC }', /ros\.sha256: a SHA-256 is 64/],
    ['ros: { inside: a, of: { file: b, colour: c } }', /unknown key ros\.of\.colour/],
  ])('a source that is none: %s', (line, problem) => {
    const text = `${builtIn}${line}\n`
    expect(failing(text).message).toMatch(problem)
    expect(failing(text).message).toMatch(new RegExp(`^r\\.yml:${text.split('\n').length - 1}:\\d+: `))
  })

  test('takes nested sources', () => {
    const text = `${builtIn}ros: { inside: usr/bin/ros, of: { inside: boot/initrd, of: { file: a.iso } } }\n`
    expect(recipeParts(read(text)).get('ros')).toEqual({
      kind: 'inside',
      path: 'usr/bin/ros',
      of: { kind: 'inside', path: 'boot/initrd', of: { kind: 'file', path: 'a.iso' } },
    })
  })

  test('names a value of the wrong kind with its line and column', () => {
    const text = builtIn.replace('level: 6', 'level: fast')
    expect(failing(text)).toMatchObject({ code: 'ROS_RECIPE_KEY' })
    expect(failing(text).message).toMatch(
      new RegExp(`^r\\.yml:${lineOf(text, 'level: fast')}:3: initrd\\.level: `),
    )
  })

  test('refuses a version that no image tag can carry', () => {
    expect(failing(builtIn.replace(/^version: .*$/m, 'version: "a b"')).message).toContain('version')
  })

  test('refuses kernel arguments that one of the boot loaders would read otherwise', () => {
    for (const append of [`a "b c"`, `a\\b`, `a'b`, 'a\nlabel x'])
      expect(
        failing(builtIn.replace(/^ {2}append: .*$/m, `  append: ${JSON.stringify(append)}`)).message,
      ).toContain('iso.append')
  })

  test('takes a recipe without UEFI boot loaders', () => {
    const text = builtIn.replace(/^uefi:\n(?: {2}.*\n)+/m, '')
    expect(text).not.toBe(builtIn)
    expect(read(text).uefi).toBeUndefined()
    expect(read(builtIn).uefi?.debian).toContain('shim-signed')
  })

  test('takes modules of one architecture, and no other words behind an @', () => {
    const modules = (words: string) => builtIn.replace('uhci_hcd@amd64', words)
    expect(moduleNames(read(modules('a@amd64 b@arm64 c')).kernel?.modules ?? '', 'arm64')).toEqual(
      expect.arrayContaining(['b', 'c', 'overlay']),
    )
    expect(moduleNames('a@amd64 b@arm64 c', 'arm64')).toEqual(['b', 'c'])
    expect(moduleNames(' all\n', 'arm64')).toBe('all')
    for (const words of ['a@amd46', 'a@', '@amd64', 'a@amd64@arm64'])
      expect(failing(modules(words)).message).toMatch(/^r\.yml:\d+:\d+: kernel\.modules: NAME@ARCH/)
  })

  test('is for another architecture where it says so, and only there', async () => {
    const arm = readRecipe(builtIn, 'r.yml', variables, 'arm64')
    expect(arm).toMatchObject({ arch: 'arm64', kernel: { debian: ['linux-image-arm64'] } })
    expect([arm.iso.append, read(builtIn).iso.append]).toEqual([
      expect.stringContaining('ttyAMA0'),
      expect.stringContaining('ttyS0'),
    ])
    expect([recipeParts(arm).has('loader'), recipeParts(read(builtIn)).has('loader')]).toEqual([false, true])
    const old = await assetText('recipes/v0.4.3.yml')
    expect(readRecipe(old, 'old.yml', variables, 'amd64')).toEqual(readRecipe(old, 'old.yml', variables))
    expect(() => readRecipe(old, 'old.yml', variables, 'arm64')).toThrow(
      expect.objectContaining({ code: 'ROS_DISTRO_ARCH' }),
    )
  })

  test('says where the YAML is broken', () => {
    expect(failing('name: [\n')).toMatchObject({ code: 'ROS_RECIPE_SYNTAX' })
    expect(failing('name: [\n').message).toMatch(/^r\.yml:\d+:\d+: /)
  })

  test.each(['', '[]', 'text', '7'])('refuses %j', (text) => {
    expect(failing(text).code).toBe('ROS_RECIPE_KEY')
  })
})

test('recipe.schema.json is the schema, as `rancheros-kit schema` prints it', () => {
  const committed: unknown = JSON.parse(
    readFileSync(new URL('../recipe.schema.json', import.meta.url), 'utf8'),
  )
  expect(committed).toEqual(recipeJsonSchema())
})

test('the schema knows every key of the built-in recipe', () => {
  const { properties } = recipeJsonSchema() as { properties: object }
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(read(builtIn))))
})
