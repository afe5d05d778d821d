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
    .option('arch', {
      type: 'string',
      choices: ['amd64', 'arm64'] as const,
      describe: "architecture in place of the recipe's",
      requiresArg: true,
    })
    .option('lock', {
      type: 'string',
      describe:
        'file of the lock; default rancheros.lock.json beside the recipe, rancheros.ARCH.lock.json with --arch',
      requiresArg: true,
    })
    .option('mirror', {
      type: 'string',
      describe: "Debian mirrors over HTTP in place of the host's apt; default $ROS_KIT_MIRROR",
      requiresArg: true,
    })
    .option('keyring', {
      type: 'string',
      describe: 'OpenPGP keys that are believed for the mirror; default $ROS_KIT_KEYRING',
      requiresArg: true,
    })
    .option('rewrite', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'FROM=TO: look for addresses that begin with FROM at TO; also $ROS_KIT_REWRITE',
      nargs: 1,
    })
    .option('offline', {
      type: 'boolean',
      default: false,
      describe: 'use no network: every input must be in the cache',
    })
}

export interface InputsArguments {
  readonly recipe?: string | undefined
  readonly arch?: string | undefined
  readonly lock?: string | undefined
  readonly mirror?: string | undefined
  readonly keyring?: string | undefined
  readonly rewrite: readonly string[]
  readonly offline: boolean
}

/** The options as the library takes them. */
export function givenInputs(args: InputsArguments, environment: NodeJS.ProcessEnv): InputOptions {
  const { recipe, arch, lock, offline } = args
  const mirror = args.mirror ?? environment['ROS_KIT_MIRROR']
  const keyring = args.keyring ?? environment['ROS_KIT_KEYRING']
  const rewrites = [...args.rewrite, ...(environment['ROS_KIT_REWRITE'] ?? '').split(/\s+/).filter(Boolean)]
  return {
    folder: process.cwd(),
    cache: cacheDirectory(environment),
    offline,
    rewrites,
    ...(mirror && { mirror }),
    ...(keyring && { keyring: resolve(keyring) }),
    ...(recipe !== undefined && { recipe }),
    ...(arch !== undefined && { arch }),
    ...(lock !== undefined && { lock: resolve(lock) }),
  }
}
