import type { Argv } from 'yargs'
import { DEFAULT_MACHINE } from '../project.ts'

/** `--name`: which of the project's machines. */
export function nameOption<T>(parser: Argv<T>) {
  return parser.option('name', {
    alias: 'n',
    type: 'string',
    default: DEFAULT_MACHINE,
    describe: 'name of the machine',
    requiresArg: true,
  })
}

/** The same as a word of its own: `stop web`. */
export function namePositional<T>(parser: Argv<T>) {
  return parser.positional('name', {
    type: 'string',
    default: DEFAULT_MACHINE,
    describe: 'name of the machine',
  })
}
