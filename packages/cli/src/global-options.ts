import type { Argv } from 'yargs'

/** The options of every command. */
export function globalOptions<T>(parser: Argv<T>) {
  const option = (describe: string) => ({ type: 'boolean', default: false, describe }) as const
  return parser
    .option('json', option('print the result, or the error, as JSON'))
    .option('quiet', { ...option('no progress, only results, warnings and errors'), alias: 'q' })
    .option('verbose', { ...option('tell more'), alias: 'v' })
    .option('color', {
      type: 'boolean',
      default: true,
      describe: 'colours; off with --no-color, NO_COLOR, or off a terminal',
    })
    .group(['json', 'quiet', 'verbose', 'color', 'help', 'version'], 'Everywhere:')
}

export interface KnownOptions {
  /** Without dashes; hidden ones left out. */
  readonly names: readonly string[]
  /** Of options, and of positionals. */
  readonly choices: Readonly<Record<string, readonly string[]>>
}

/** What a parser knows at this moment. yargs tells it, but its types do not. */
export function knownOptions(parser: Argv): KnownOptions {
  const { key, choices, hiddenOptions } = (
    parser as unknown as {
      getOptions(): {
        key: Record<string, unknown>
        choices: Record<string, string[]>
        hiddenOptions: string[]
      }
    }
  ).getOptions()
  // Names in camel case are yargs's own.
  const names = Object.keys(key).filter(
    (name) => name.length > 1 && !/[A-Z]/.test(name) && !hiddenOptions.includes(name),
  )
  return { names, choices }
}
