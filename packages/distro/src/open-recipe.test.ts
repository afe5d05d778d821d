import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openRecipe } from './open-recipe.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-recipes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const builtIn = fileURLToPath(new URL('../assets/recipes/debian.yml', import.meta.url))

test.each([
  [undefined, 'amd64', 'rancheros.lock.json'],
  ['amd64', 'amd64', 'rancheros.amd64.lock.json'],
  ['arm64', 'arm64', 'rancheros.arm64.lock.json'],
])('--arch %s: what is built, and its lock', async (arch, built, lock) => {
  const own = join(folder, 'own.yml')
  copyFileSync(builtIn, own)
  for (const given of [undefined, 'debian', own]) {
    const { recipe, lockPath, recipeFile } = await openRecipe(given, folder, arch)
    expect([recipe.arch, lockPath, recipeFile]).toEqual([
      built,
      join(folder, lock),
      given === own ? own : undefined,
    ])
  }
})
