import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { assetText } from './assets.ts'
import { DistroError } from './error.ts'
import { builtInRecipes, RECIPE_NAME } from './open-recipe.ts'

export interface InitOptions {
  readonly folder: string
  /** Name of the built-in recipe that is copied. */
  readonly recipe: string
  /** Whether a recipe that is there is replaced. */
  readonly force: boolean
}

/** Writes `rancheros.yml`, a built-in recipe with its comments, to be changed. Gives its path. */
export async function initRecipe({ folder, recipe, force }: InitOptions): Promise<string> {
  const path = join(folder, RECIPE_NAME)
  if (!builtInRecipes().includes(recipe)) {
    throw new DistroError('ROS_DISTRO_INPUT', 'no built-in recipe of that name', {
      subject: recipe,
      limit: builtInRecipes().join(', '),
    })
  }
  if (existsSync(path) && !force) {
    throw new DistroError('ROS_DISTRO_INPUT', 'there is a recipe already', {
      subject: path,
      hint: '--force writes over it',
    })
  }
  await replaceFile(path, fromText(await assetText(`recipes/${recipe}.yml`)).open())
  return path
}
