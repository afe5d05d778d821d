import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { compareNames } from '@ros/bytes'
import { didYouMean } from '@ros/debian'
import { assetPath, assetText } from './assets.ts'
import { DistroError } from './error.ts'
import { LOCK_NAME } from './lock-file.ts'
import { readRecipe } from './recipe.ts'
import type { Recipe } from './recipe-schema.ts'
import { KIT_VERSION } from './version.ts'

export interface OpenedRecipe {
  readonly recipe: Recipe
  /** Absent for a built-in one. */
  readonly recipeFile?: string
  /** What relative paths in it start from. */
  readonly folder: string
  /** Where its lock is, or would be. */
  readonly lockPath: string
}

/** File name of a project's recipe, which is taken when none is named. */
export const RECIPE_NAME = 'rancheros.yml'

/** Names of the recipes that come with the kit. */
export function builtInRecipes(): string[] {
  return readdirSync(assetPath('recipes'))
    .map((name) => name.replace(/\.yml$/, ''))
    .sort(compareNames)
}

/**
 * The recipe of a file or a built-in one of that name; without a name `rancheros.yml` in `folder`, else the built-in
 * `debian`. A built-in recipe's lock and relative paths are in `folder`. Where `arch` stands in place of the recipe's
 * architecture, the lock has it in its name.
 */
export async function openRecipe(
  given: string | undefined,
  folder: string,
  arch?: string,
): Promise<OpenedRecipe> {
  const own = resolve(folder, RECIPE_NAME)
  const file = given === undefined ? (existsSync(own) ? own : undefined) : resolve(folder, given)
  const variables = { KIT_VERSION: `v${KIT_VERSION}` }
  const name = given ?? 'debian'
  if ((file === undefined || !existsSync(file)) && builtInRecipes().includes(name)) {
    const text = await assetText(`recipes/${name}.yml`)
    const recipe = readRecipe(text, `${name}.yml`, variables, arch)
    return { recipe, folder, lockPath: resolve(folder, lockName(arch)) }
  }
  const path = file ?? own
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const similar = didYouMean(name, builtInRecipes())
    throw new DistroError('ROS_DISTRO_INPUT', 'cannot read the recipe', {
      subject: path,
      cause,
      hint:
        similar.length > 0
          ? `did you mean the built-in ${similar.join(' or ')}?`
          : `built-in recipes are ${builtInRecipes().join(', ')}; rancheros-kit init writes one`,
    })
  })
  const home = dirname(path)
  const recipe = readRecipe(text, basename(path), variables, arch)
  return { recipe, recipeFile: path, folder: home, lockPath: resolve(home, lockName(arch)) }
}

function lockName(arch: string | undefined): string {
  return arch === undefined ? LOCK_NAME : LOCK_NAME.replace(/\.lock\.json$/, `.${arch}.lock.json`)
}
