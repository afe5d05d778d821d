import { resolve } from 'node:path'
import { builtInRecipes, type InputOptions, initRecipe, recipeJsonSchema } from '@ros/distro'
import type { Argv } from 'yargs'
import { lockCommand } from './commands/lock.ts'
import { progressPrinter, type Terminal } from './print.ts'
import { cacheDirectory } from './project.ts'

export interface InputContext {
  readonly stdout: NodeJS.WritableStream
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** What `lock` and `build` have in common: which recipe, and how its inputs may be reached. */
export function inputOptions<T>(y: Argv<T>) {
  return y
    .option('recipe', {
      type: 'string',
      describe: `recipe file, or a built-in one: ${builtInRecipes().join(', ')} [default: rancheros.yml, else debian]`,
      requiresArg: true,
    })
    .option('lock', {
      type: 'string',
      describe: 'file of the lock [default: rancheros.lock.json beside the recipe]',
      requiresArg: true,
    })
    .option('offline', {
      type: 'boolean',
      default: false,
      describe: 'use no network: every input must be in the cache',
    })
}

interface GivenOptions {
  readonly recipe?: string | undefined
  readonly lock?: string | undefined
  readonly offline: boolean
}

/** The options as the library takes them. */
export function givenInputs(a: GivenOptions): InputOptions {
  return {
    folder: process.cwd(),
    cache: cacheDirectory(process.env),
    ...(a.recipe !== undefined && { recipe: a.recipe }),
    ...(a.lock !== undefined && { lock: resolve(a.lock) }),
    offline: a.offline,
  }
}

/** Adds `init`, `lock` and `schema`: the recipe and what it is resolved to. */
export function addInputCommands<T>(parser: Argv<T>, context: InputContext): Argv<T> {
  const { stdout, terminal, signal } = context
  return parser
    .command(
      'init',
      'write rancheros.yml, a commented recipe to be changed',
      (y) =>
        y
          .option('recipe', {
            type: 'string',
            default: 'debian',
            choices: builtInRecipes(),
            describe: 'built-in recipe to begin with',
          })
          .option('force', { type: 'boolean', default: false, describe: 'write over a recipe that is there' }),
      async (a) => {
        const path = await initRecipe({ folder: process.cwd(), recipe: a.recipe, force: a.force })
        stdout.write(`${path}\n`)
      },
    )
    .command(
      'lock',
      'pin every input of the recipe by digest in rancheros.lock.json',
      (y) => inputOptions(y).option('json', { type: 'boolean', default: false, describe: 'print JSON' }),
      async (a) => {
        const printer = progressPrinter(terminal)
        try {
          const result = await lockCommand(givenInputs(a), printer.sink, signal)
          printer.end()
          stdout.write(
            a.json
              ? `${JSON.stringify(result)}\n`
              : `${result.path} ${result.parts} parts, ${result.packages} packages\n`,
          )
        } finally {
          printer.end()
        }
      },
    )
    .command(
      'schema',
      "print the recipe's JSON Schema, for editors",
      (y) => y,
      () => {
        stdout.write(`${JSON.stringify(recipeJsonSchema(), undefined, 2)}\n`)
      },
    )
}
