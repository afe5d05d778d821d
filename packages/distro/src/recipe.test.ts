import { describe, expect, test } from 'vitest'
import { assetText } from './assets.ts'
import { readRecipe } from './recipe.ts'

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
  })

  test('names an unknown key with its line and column', () => {
    const text = builtIn.replace('volumeId:', 'volumeID:')
    const { code, message } = failing(text)
    expect(code).toBe('ROS_RECIPE_KEY')
    expect(message).toBe(`r.yml:${lineOf(text, 'volumeID')}:3: unknown key iso.volumeID (and 1 more)`)
    const extra = failing(builtIn.replace('  volumeId: RancherOS', '  volumeId: RancherOS\n  colour: red'))
    expect(extra.message).toBe(`r.yml:${lineOf(builtIn, 'volumeId') + 1}:3: unknown key iso.colour`)
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

  test('says where the YAML is broken', () => {
    expect(failing('name: [\n')).toMatchObject({ code: 'ROS_RECIPE_SYNTAX' })
    expect(failing('name: [\n').message).toMatch(/^r\.yml:\d+:\d+: /)
  })

  test.each(['', '[]', 'text', '7'])('refuses %j', (text) => {
    expect(failing(text).code).toBe('ROS_RECIPE_KEY')
  })
})
