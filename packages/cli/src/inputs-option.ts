import { resolve } from 'node:path'
import { builtInRecipes, type InputOptions } from '@ros/distro'
import type { Argv } from 'yargs'
import { cacheDirectory } from './project.ts'

/** What `lock` and `build` have in common: which recipe, and how its inputs may be reached. */
export function inputsOption<T>(parser: Argv<T>) {
  return parser
    .option('recipe', {
      type: 'string',
      describe: `recipe file, or a built-in one (${builtInRecipes().join(', ')}); default rancheros.yml, else debian`,
      requiresArg: true,
    })
    .option('lock', {
      type: 'string',
      describe: 'file of the lock; default rancheros.lock.json beside the recipe',
      requiresArg: true,
    })
    .option('offline', {
      type: 'boolean',
      default: false,
      describe: 'use no network: every input must be in the cache',
    })
}

export interface InputsArguments {
  readonly recipe?: string | undefined
  readonly lock?: string | undefined
  readonly offline: boolean
}

/** The options as the library takes them. */
export function givenInputs(args: InputsArguments, environment: NodeJS.ProcessEnv): InputOptions {
  const { recipe, lock, offline } = args
  return {
    folder: process.cwd(),
    cache: cacheDirectory(environment),
    offline,
    ...(recipe !== undefined && { recipe }),
    ...(lock !== undefined && { lock: resolve(lock) }),
  }
}
