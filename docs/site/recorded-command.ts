import type { Argv, Options } from 'yargs'
import type { Command } from '../../packages/cli/src/command.ts'

/** An option or a positional as a command defines it. */
export interface RecordedOption {
  readonly name: string
  readonly definition: Options
}

/** What a command tells yargs about itself. */
export interface RecordedCommand {
  readonly positionals: readonly RecordedOption[]
  readonly options: readonly RecordedOption[]
  /** What follows the options in the help. */
  readonly epilogues: readonly string[]
}

/** Lets a command define itself to a parser that only writes down what it is told; a call that it does not know is an error. */
export function recordCommand(command: Command): RecordedCommand {
  return record((parser) => command.addTo(parser, async () => undefined))
}

/** The same for a function that adds options. */
export function record(define: (parser: Argv) => unknown): RecordedCommand {
  const positionals: RecordedOption[] = []
  const options: RecordedOption[] = []
  const epilogues: string[] = []
  const calls: Record<string, (...args: never[]) => void> = {
    command: (_usage: string, _describe: string, build: (parser: Argv) => unknown) => void build(parser),
    positional: (name: string, definition: Options) => void positionals.push({ name, definition }),
    option: (name: string, definition: Options) => void options.push({ name, definition }),
    epilogue: (text: string) => void epilogues.push(text),
    example: () => {},
    group: () => {},
  }
  const parser = new Proxy({} as Argv, {
    get(_, method) {
      const call = calls[String(method)]
      if (call === undefined)
        throw new Error(`no record of yargs's ${String(method)}: say here what it means for the help`)
      return (...args: never[]) => {
        call(...args)
        return parser
      }
    },
  })
  define(parser)
  return { positionals, options: options.filter(({ definition }) => definition.hidden !== true), epilogues }
}
